"""`salespulse rebuild`: everything that follows from the stored events, made anew beside what is in force.

The next epoch gets topics, consumer groups and tables of its own. The stored events go onto its topic
`events`, then whatever is newly accepted; a worker without intake and a sink, both children of the
command, fold and store them. When they have caught up, one record says that the next epoch is in force
(`streams.epochs`), and the roles begin again in it. Until that record is written nothing that is in
force is touched, so a rebuild that ends in any way before it has never been.
"""
