"""The engine of sync: between the store and a connector.

Claim, send, settle: a claim is committed before the call, no transaction is open during it, and
what came of it is committed after. Whoever comes later therefore knows that there may have been a
call, and looks before sending again.
"""
