"""Score QĐ 766, the index of service to citizens, from the portal and our data."""
