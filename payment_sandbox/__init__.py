"""A payment processor to practise against: speaks Stripe's protocol on this machine, moves no money, needs no network.

It is a program of its own, as Stripe is: it keeps its own file, knows nothing of the product, and is reached by HTTP
only.
"""
