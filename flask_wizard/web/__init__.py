"""How people meet a wizard: its URLs, its pages, and one visit to them."""
