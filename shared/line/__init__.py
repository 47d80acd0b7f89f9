"""The pure half of the shell: one partition's line, folded. No clock, no broker, no database.

`shared.runtime` puts Kafka and MongoDB around it, `shared.simulation` puts nothing around it.
"""
