"""Answers that are given again, and what clients are told of it."""

from tests.agent.scenes import MODEL, asked, serving

CHAT = "/v1/chat/completions"
SURE = {"temperature": 0, "seed": 1}
SPEAKS, PLACES = "espeak-ng", "all-minilm-l6-v2"


async def told(node, path=CHAT, **body):
    answer = await node.client.post(path, json=body)
    return answer.headers.get("x-autorouter-cache"), await answer.read()


async def test_the_same_question_has_the_same_answer_and_says_whence_it_is():
    async with serving(cache=1) as node:
        first, second = [await told(node, **asked("one two", **SURE, stream=True)) for _ in range(2)]
        assert (first[0], second[0]) == ("miss", "hit")
        assert first[1].count(b"data:") == second[1].count(b"data:")
        page = await (await node.get("/metrics")).text()
        assert f'requests_total{{model="{MODEL}",outcome="cached"}} 1.0' in page
        assert f'requests_total{{model="{MODEL}",outcome="ok"}} 1.0' in page
        assert await node.metric(f'autorouter_node_tokens_total{{direction="written",model="{MODEL}"}}') == 2
        for measure in ("ttft", "tpot", "queue_wait"):
            assert f'autorouter_node_{measure}_seconds_count{{model="{MODEL}"}} 1.0' in page, (
                "memory tells of no model"
            )


async def test_a_whole_answer_from_memory_has_all_that_it_had():
    async with serving(cache=1) as node:
        first, second = [await node.chat("one two", **SURE) for _ in range(2)]
        first, second = await first.json(), await second.json()
        assert (first["choices"], first["usage"]) == (second["choices"], second["usage"])
        assert first["id"] != second["id"]


async def test_what_is_left_to_chance_is_asked_anew_and_says_nothing_of_memory():
    async with serving(cache=1) as node:
        for body in ({}, {"temperature": 0}, {"seed": 1}):
            assert [(await told(node, **asked(**body)))[0] for _ in range(2)] == [None, None]


async def test_without_a_cache_nothing_is_remembered():
    async with serving() as node:
        assert [(await told(node, **asked(**SURE)))[0] for _ in range(2)] == [None, None]


async def test_speech_and_embeddings_are_remembered_too():
    async with serving(cache=1, models=(SPEAKS, PLACES)) as node:
        speech = {"model": SPEAKS, "input": "hello", "voice": "en", "response_format": "pcm"}
        voices = (await (await node.get("/v1/audio/voices")).json())["data"]
        speech["voice"] = voices[0]["id"]
        first, second = [await told(node, "/v1/audio/speech", **speech) for _ in range(2)]
        assert (first[0], second[0], first[1] == second[1] != b"") == ("miss", "hit", True)
        texts = {"model": PLACES, "input": ["a", "bc"]}
        first, second = [await told(node, "/v1/embeddings", **texts) for _ in range(2)]
        assert (first[0], second[0], first[1] == second[1]) == ("miss", "hit", True)


async def test_an_answer_that_was_broken_off_is_not_remembered():
    async with serving(pace=0.02, cache=1) as node:
        answer = await node.client.post(CHAT, json=asked("one two three four", **SURE, stream=True))
        await answer.content.readline()
        answer.close()
        await node.until(lambda model: model["busy"] == 0)
        assert (await told(node, **asked("one two three four", **SURE)))[0] == "miss"
