"""QĐ 766, the index of service to citizens: measures of the portal and our own."""
