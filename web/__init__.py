"""What browsers get: templates, catalogues and the built client. The package holds files, no code."""
