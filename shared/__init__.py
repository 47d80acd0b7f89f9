"""What crosses a service boundary, and the runtime under all four services.

The rule of admission: a module is here because it crosses a service boundary, or because it is
runtime without a business word in it. The list is closed by an import contract (pyproject.toml).
"""
