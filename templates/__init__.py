"""Documents, in and out: YAML to objects, hostile files to plain tables, decisions to PDF and spreadsheets."""
