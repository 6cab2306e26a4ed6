"""The vendors' clients behind the ports of ``tools/ports.py``: DocuSign, Salesforce, and a model that words text."""
