"""The exceptions of Abate, all in one place.

```
AbateError                  code, message, hint
├── UsageError              a wrong call: exit code 2
│   ├── ConfigError         abate.toml does not say what is needed
│   └── NotFoundError       no such run, figure, import, factor
├── DataError               a file that cannot be taken as it is: exit code 1
│   └── DuplicateImportError  the same content is in the ledger already
├── EngineError             a cluster that is not there, or gives up
├── StoreError              the disk is full, or may not be written to: exit code 2
└── IntegrityError          the ledger does not add up: our mistake, or a damaged store: exit code 2
```

What is wrong with somebody's rows is never an exception: it is a `Finding`.
"""

from __future__ import annotations


class AbateError(Exception):
    """An error with a stable code, a message and a hint.

    Args:
        code: Kebab-case code, stable across versions.
        message: What is wrong, with the values.
        hint: What to do about it.
    """

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(code, message, hint)
        self.code = code
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"[{self.code}] {self.message}" + (f" {self.hint}" if self.hint else "")


class UsageError(AbateError):
    """A wrong call."""


class ConfigError(UsageError):
    """The configuration does not say what is needed."""


class NotFoundError(UsageError):
    """Something asked for by name does not exist."""


class DataError(AbateError):
    """A file that cannot be taken as it is."""


class DuplicateImportError(DataError):
    """The same content is in the ledger already."""


class EngineError(AbateError):
    """The engine that was asked for is not there, or gives up; nothing was posted."""


class StoreError(AbateError):
    """What is to be kept cannot be written; nothing was stored."""


class IntegrityError(AbateError):
    """The ledger does not add up."""
