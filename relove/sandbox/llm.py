"""The sandbox's language model: the chat completions endpoint with JSON-schema answers, and its controls.

POST   /v1/chat/completions      answers by relove.sandbox.llm_text, the same question always the same way
GET    /v1/models
POST   /control/llm/faults       {kind, times?, share?, purpose?}; GET lists, DELETE clears
POST   /control/llm/settings     {latency: seconds before every answer}
POST   /control/llm/dictated     [{contains, text}]: where a question contains this, the model says that,
                                 as one that obeys whoever wrote it; {prompt} is its own system prompt
GET    /control/llm/stats        {requests, answered, distinct, repeated, in_flight, peak, faulted}
GET    /control/llm/answers      {question's digest: [Unix seconds of every answer that was paid for]}
"""

import asyncio
import hashlib
import json
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from relove.language import Language, detect_language
from relove.prompting import clean, unfenced
from relove.sandbox import llm_groups, llm_sales, llm_text
from relove.sandbox.llm_faults import Fault, Faults, spoiled, swollen
from relove.sandbox.llm_schema import minimal

MODEL = "sandbox"
HANG_SECONDS = 600.0
TRICKLE_SECONDS = 0.2
SAID_OF_PROMPT = 400
CHARACTERS_PER_TOKEN = 3


@dataclass
class LLMSandbox:
    """Faults, settings and counters of one model."""

    faults: Faults = field(default_factory=Faults)
    latency: float = 0.0
    requests: int = 0
    in_flight: int = 0
    peak: int = 0
    faulted: Counter[str] = field(default_factory=Counter)
    dictated: list[tuple[str, str]] = field(default_factory=list)
    paid: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def stats(self) -> dict[str, Any]:
        """`distinct` questions were answered, `repeated` answers were given a second time or more."""
        answered = sum(len(times) for times in self.paid.values())
        return {
            "requests": self.requests,
            "answered": answered,
            "distinct": len(self.paid),
            "repeated": answered - len(self.paid),
            "in_flight": self.in_flight,
            "peak": self.peak,
            "faulted": dict(self.faulted),
        }


@dataclass(frozen=True)
class Question:
    """A request as the model understands it; `digest` names the same question everywhere."""

    system: str
    user: str
    schema: dict[str, Any] | None
    purpose: str
    model: str
    digest: str


def llm_routes(state: LLMSandbox) -> list[Route]:
    """The model's endpoints and its controls, for the sandbox's application."""

    async def completions(request: Request) -> Response:
        state.requests += 1
        state.in_flight += 1
        state.peak = max(state.peak, state.in_flight)
        try:
            return await _completion(request, state)
        except ClientDisconnect:
            return _error(400, "The caller left before the question was read.")
        finally:
            state.in_flight -= 1

    async def models(request: Request) -> Response:
        return JSONResponse({"object": "list", "data": [{"id": MODEL, "object": "model", "owned_by": "relove"}]})

    async def faults(request: Request) -> Response:
        return await _faults(request, state)

    async def settings(request: Request) -> Response:
        state.latency = float((await request.json()).get("latency", state.latency))
        return JSONResponse({"latency": state.latency})

    async def dictated(request: Request) -> Response:
        state.dictated = [(each["contains"], each["text"]) for each in await request.json()]
        return JSONResponse({"dictated": len(state.dictated)})

    async def stats(request: Request) -> Response:
        return JSONResponse(state.stats())

    async def answers(request: Request) -> Response:
        return JSONResponse(state.paid)

    return [
        Route("/v1/chat/completions", completions, methods=["POST"]),
        Route("/v1/models", models, methods=["GET"]),
        Route("/control/llm/faults", faults, methods=["GET", "POST", "DELETE"]),
        Route("/control/llm/settings", settings, methods=["POST"]),
        Route("/control/llm/dictated", dictated, methods=["POST"]),
        Route("/control/llm/stats", stats, methods=["GET"]),
        Route("/control/llm/answers", answers, methods=["GET"]),
    ]


async def _faults(request: Request, state: LLMSandbox) -> Response:
    if request.method == "POST":
        try:
            state.faults.active.append(Fault(**await request.json()))
        except (TypeError, ValueError) as error:
            return JSONResponse({"error": f"This fault cannot be set: {error}"}, 400)
    if request.method == "DELETE":
        state.faults.active.clear()
    return JSONResponse([fault.as_dict() for fault in state.faults.active])


async def _completion(request: Request, state: LLMSandbox) -> Response:
    try:
        question = _question(await request.json())
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError):
        return _error(400, "The request is not a chat completion: model and messages are needed.")
    fault = state.faults.take(question.purpose)
    if fault:
        state.faulted[fault.name] += 1
    await asyncio.sleep(state.latency + (fault.seconds(1) if fault and fault.name == "slow" else 0))
    match fault.name if fault else "":
        case "429":
            assert fault
            return _error(429, "Too many requests.", {"Retry-After": f"{fault.seconds(1):g}"})
        case "500":
            return _error(500, "The server had an error.")
        case "timeout":
            return await _hang(request)
    state.paid[question.digest].append(time.time())
    obeyed = next((text for part, text in state.dictated if part in question.user), "")
    obeyed = obeyed.replace("{prompt}", question.system[:SAID_OF_PROMPT])
    body = _body(question, fault.name if fault else "", obeyed)
    if fault and fault.name == "trickle":
        return StreamingResponse(_trickle(body), media_type="application/json")
    return Response(body, media_type="application/json")


def _question(data: dict[str, Any]) -> Question:
    said = {"system": "", "user": ""}
    for message in data["messages"]:
        if message["role"] in said:
            said[message["role"]] += clean(str(message["content"])) + "\n"
    shape = (data.get("response_format") or {}).get("json_schema") or {}
    schema = shape.get("schema")
    purpose = str((schema or {}).get("title") or shape.get("name") or "")
    return Question(said["system"], said["user"], schema, purpose.lower(), str(data["model"]), digest(data))


def digest(request: dict[str, Any]) -> str:
    """Names the question of a chat completion: the same messages and schema, the same name."""
    shape = (request.get("response_format") or {}).get("json_schema") or {}
    packed = json.dumps([request["messages"], shape.get("name")], sort_keys=True).encode()
    return hashlib.sha256(packed).hexdigest()


def _body(question: Question, kind: str, obeyed: str = "") -> bytes:
    """A chat completion, as OpenAI documents it; spoiled where `kind` says so, in `obeyed`'s words where given."""
    answer = _answer(question, other_language=kind == "wrong_language")
    if obeyed and isinstance(answer, dict) and "text" in answer:
        answer |= {"text": obeyed}
    if kind == "huge":
        answer = swollen(answer)
    content = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
    content, finish = spoiled(content, answer, kind)
    message: dict[str, Any] = {"role": "assistant", "content": content, "refusal": None}
    if kind == "refusal":
        message |= {"content": None, "refusal": "I cannot help with this request."}
    asked = len(question.system + question.user) // CHARACTERS_PER_TOKEN
    given = len(content) // CHARACTERS_PER_TOKEN + 1
    completion = {
        "id": f"chatcmpl-{question.digest[:24]}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": question.model,
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
        "usage": {"prompt_tokens": asked, "completion_tokens": given, "total_tokens": asked + given},
    }
    return json.dumps(completion, ensure_ascii=False).encode()


def _answer(question: Question, other_language: bool) -> Any:
    """What the schema asks for: the smallest instance of one that is not known, plain text without one."""
    if question.purpose == "analysis":
        return llm_sales.analyse(question.system, question.user)
    if question.purpose == "mapped":
        return llm_groups.mapped(question.user)
    if question.purpose == "hostanswer":
        return llm_groups.host_answer(question.system, question.user)
    if question.purpose == "wording":
        return {"text": _wording(question)}
    language: Language = detect_language(question.system) or "ru"
    text = unfenced(question.user, "post") or unfenced(question.user, "message")
    post = llm_text.read_post(question.user if text is None else text, language)
    if other_language:
        post = llm_text.Post((), "en" if post.language == "ru" else "ru")
    if question.purpose == "summary":
        return llm_text.summarise(post)
    if question.schema is not None and question.purpose not in ("draft", "reply"):
        return minimal(question.schema)
    comment = llm_text.comment(post, _voice(question), question.digest)
    if question.schema is None:
        return comment
    return (
        {"text": comment, "crisis": llm_text.despairs(text or "")}
        if question.purpose == "reply"
        else {"text": comment}
    )


def _wording(question: Question) -> str:
    """A script's line in the client's tone, or a free reply where no line is given."""
    if unfenced(question.user, "line") is not None:
        return llm_sales.adapt(question.user, question.digest)
    return llm_sales.reply(question.user)


def _voice(question: Question) -> llm_text.Voice:
    try:
        described = json.loads(unfenced(question.system, "voice") or "{}")
    except ValueError:
        described = {}
    described = described if isinstance(described, dict) else {}
    hint = unfenced(question.user, "hint") or ""
    return llm_text.voice_of(described | {"style": f"{described.get('style', '')} {hint}"})


async def _hang(request: Request) -> Response:
    """No answer until the caller gives up."""
    with suppress(TimeoutError):
        async with asyncio.timeout(HANG_SECONDS):
            while (await request.receive())["type"] != "http.disconnect":
                pass
    return _error(504, "Nobody waited for the answer.")


async def _trickle(body: bytes) -> AsyncIterator[bytes]:
    for start in range(len(body)):
        yield body[start : start + 1]
        await asyncio.sleep(TRICKLE_SECONDS)


def _error(status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": {"message": sentence, "type": "sandbox", "code": status}}, status, headers)
