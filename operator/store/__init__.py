"""The application database: the only truth about contracts and about what happens to their renewals."""
