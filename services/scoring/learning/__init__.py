"""Learning from what became of past scores: samples, training, comparison, promotion, drift.

Nothing here runs in the service. Only `training` knows scikit-learn; what it fits is written as
JSON, which the service reads and evaluates by itself (`services.scoring.domain.logistic`).
"""
