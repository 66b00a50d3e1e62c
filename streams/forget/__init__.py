"""`salespulse forget`: takes a customer's phone out of everything that can be changed, and tells what cannot.

Facts, calls and numbers stay under the customer's key, which only the phone and the secret together
turn into a person. A later contact is a new ground to know the phone: it makes the row again.
"""
