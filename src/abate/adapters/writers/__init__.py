"""Writers: tables, PDF, charts and pages."""
