"""The routes of what callers left in mailboxes, and of recorded talks.

Rule 1: a file goes out as it lies there; what is asked for is a call, never a path.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from aiohttp import web
from pydantic import Field

from callctl.api.account_words import Known
from callctl.api.routes import Route, delete, get
from callctl.api.shapes import MessageShown, RecordingShown
from callctl.api.words import Asked, Json, read_query
from callctl.clock import rfc3339
from callctl.complaint import Missing
from callctl.storage.messages import MessageRow, Messages
from callctl.storage.recording_files import RecordingFiles
from callctl.storage.recordings import RecordingRow, Recordings
from callctl.storage.tokens import Right

SOUND_TYPE = "audio/wav"
SERIAL_MAX = 2**63 - 1


class MessagesAsked(Asked):
    since: Annotated[int, Field(ge=0, le=SERIAL_MAX)] = 0
    account_id: Known | None = None
    mailbox: Known | None = None


class MailboxAsked(Asked):
    mailbox: Known | None = None


class RecordingApi:
    def __init__(self, messages: Messages, recordings: Recordings) -> None:
        self._messages = messages
        self._recordings = recordings

    def routes(self) -> Sequence[Route]:
        return [
            get("/messages", Right.READ, self._get_messages, query=MessagesAsked, shows=list[MessageShown]),
            get(
                "/messages/{call_id}", Right.OPERATE, self._get_message, query=MailboxAsked, sends=SOUND_TYPE
            ),
            delete(
                "/messages/{call_id}",
                Right.OPERATE,
                self._delete_message,
                query=MailboxAsked,
                shows=MessageShown,
            ),
            get(
                "/accounts/{account_id}/recordings",
                Right.READ,
                self._get_recordings,
                shows=list[RecordingShown],
            ),
            get("/recordings/{call_id}", Right.OPERATE, self._get_recording, sends=SOUND_TYPE),
            delete("/recordings/{call_id}", Right.OPERATE, self._delete_recording, shows=RecordingShown),
        ]

    async def _get_messages(self, request: web.Request) -> web.Response:
        """What callers left, in the order in which it came."""
        asked = read_query(request, MessagesAsked)
        messages = await self._messages.newer(asked.since, asked.account_id, asked.mailbox)
        return web.json_response([_show_message(one, self._messages.files) for one in messages])

    async def _get_message(self, request: web.Request) -> web.StreamResponse:
        """The sound of a message."""
        message = await self._messages.of_call(_call_id(request), _mailbox(request))
        return _sent(self._messages.files.file(message.recording))

    async def _delete_message(self, request: web.Request) -> web.Response:
        """Remove a message."""
        message = await self._messages.remove(_call_id(request), _mailbox(request))
        return web.json_response(_show_message(message, self._messages.files))

    async def _get_recordings(self, request: web.Request) -> web.Response:
        """Its newest recorded talks, newest first."""
        recordings = await self._recordings.all_of(request.match_info["account_id"])
        return web.json_response([_show_recording(one, self._recordings.files) for one in recordings])

    async def _get_recording(self, request: web.Request) -> web.StreamResponse:
        """The sound of a recorded talk."""
        recording = await self._recordings.of_call(_call_id(request))
        return _sent(self._recordings.files.file(recording.name))

    async def _delete_recording(self, request: web.Request) -> web.Response:
        """Remove a recorded talk."""
        recording = await self._recordings.remove(_call_id(request))
        return web.json_response(_show_recording(recording, self._recordings.files))


def _sent(file: Path) -> web.FileResponse:
    return web.FileResponse(file, headers={"Content-Type": SOUND_TYPE})


def _call_id(request: web.Request) -> str:
    call_id = request.match_info["call_id"]
    if not call_id.isprintable():  # no column could hold it
        raise Missing(f"there is no call {call_id!r}")
    return call_id


def _mailbox(request: web.Request) -> str | None:
    return read_query(request, MailboxAsked).mailbox


def _show_message(message: MessageRow, files: RecordingFiles) -> Json:
    return {
        "serial": message.serial,
        "account_id": message.account_id,
        "call_id": message.call_id,
        "mailbox": message.mailbox,
        "from": message.caller,
        "number": message.number,
        "taken_at": rfc3339(message.taken_at),
        "length_ms": message.length_ms,
        "bytes": files.size(message.recording),
    }


def _show_recording(recording: RecordingRow, files: RecordingFiles) -> Json:
    return {
        "account_id": recording.account_id,
        "call_id": recording.call_id,
        "began_at": rfc3339(recording.began_at),
        "keep_until": rfc3339(recording.keep_until),
        "bytes": files.size(recording.name),
    }
