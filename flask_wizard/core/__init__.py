"""What a wizard is and how a draft is judged: values in, values out.

Nothing here knows Flask, Werkzeug, a store, or a clock but by argument.
"""
