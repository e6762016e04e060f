"""Read the one-stop system VNPT iGate 2.x."""
