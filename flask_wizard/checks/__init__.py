"""What developers run over the wizards of their application."""
