"""What a request costs, next to views written by hand and to django-formtools."""
