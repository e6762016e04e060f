"""QĐ 766, the index of service to citizens and businesses: measures from the portal and from our own dossiers."""
