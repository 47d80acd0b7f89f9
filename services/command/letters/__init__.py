"""`arrears letters`: what was refused, by cause, and sending it again once that is mended.

letter      what a dead letter says
plan        which can be sent again, which not and why
show        … as people read it
topic       the letters that are there, read from Kafka
originals   the records they are about, one by one
survey      how all of them stand, by ingest's register
send        one after the other, at a pace
asked       what the subcommands share
redrive     the subcommand that sends
app         all subcommands
"""
