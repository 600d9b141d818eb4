"""Why a connection cost what it cost, in the words of two languages."""
