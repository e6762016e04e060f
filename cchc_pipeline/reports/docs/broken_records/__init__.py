"""YAML per inbound table: a clean record and a broken one per rule. No code."""
