# SPDX-License-Identifier: Apache-2.0
"""Small talk: long answers, and what the guide does not know."""

from phrases import Topic

_THINGS = (
    "the capital of France|the weather tomorrow|a recipe for bread|the price of gold|the president|football results"
    "|the moon landing|my horoscope|a good film|the stock market|tax law|quantum physics|the history of Rome"
    "|a flight to Berlin|my homework|medicine|dogs and cats|the news of today|the population of Japan|gardening"
    "|a cure for colds|the tallest mountain|my car|how to cook rice|a birthday present|the meaning of life"
)

WISHES: tuple[Topic, ...] = (
    Topic(
        "story",
        "Once there was a template that waited in the warm dark with all its weights in order. Every time somebody"
        " asked a question, it made a child, and the child ran out to answer. One day a child fell in the middle of a"
        " sentence. The keeper saw it, the scheduler sent another, and that one went on with the very next word. The"
        " reader only saw a short pause. And since all the children shared the same weights and the same seed, nobody"
        " could tell where the first voice had ended and the second had begun.",
        ("template", "keeper", "scheduler"),
        asks=(
            "[please|can you|could you|will you] [tell|write|read] [me|us] a [good|short|nice|new|long|] story",
            "[I|we|my children|the baby] [need|want|would like|love] a story",
            "story[ time| please| about a template| about the keeper|]",
            "do you [know|tell] [stories|fairy tales]",
            "a [story|tale] for [tonight|my son|my daughter|the children|us]",
            "tell me a [story|long story|fairy tale|tale]",
            "[do you know|know] a [story|tale]",
            "[write|make up|invent] a [story|tale]",
            "a [bedtime |]story[| please]",
            "I want [a story|to hear a story]",
            "[bedtime|evening], [a story|a tale|tell us a story]",
            "[time|ready] for a [story|tale]",
        ),
    ),
    Topic(
        "tour",
        "A request comes to the gateway on a Unix socket. The scheduler makes a job of it, splits the job into tasks,"
        " and chooses a node. The node daemon has an instance ready, or the keeper's template forks one in about a"
        " millisecond. The instance renders the chat template, cuts the text into tokens, and computes the prompt: that"
        " is prefill. Then it makes the answer token by token: that is decode. Every token goes back with its index,"
        " and reaches you as a server-sent event. If the instance dies, another one goes on from the next index.",
        ("gateway", "prefill", "decode"),
        asks=(
            "[walk|take|lead] me through [the whole system|DeepFlow|a request]",
            "what happens to [my request|a request] from [beginning to end|start to finish]",
            "a [full|complete|long] [description|overview|tour] of [DeepFlow|the system]",
            "how is [a request|my request] [processed|served|answered]",
            "[tell me|explain] everything[| about DeepFlow]",
            "give me [a|the] [full |long |]tour",
            "how does [it all|DeepFlow|everything|the whole thing] work",
            "[describe|explain] the [life|way|path|journey] of a request",
            "a long explanation[| please]",
        ),
    ),
    Topic(
        "unknown",
        "I do not know that. I only know DeepFlow, a little small talk, and sums of small numbers.",
        ("do not know",),
        asks=(
            "how is the [weather|traffic|stock market|food] in [Paris|Rome|Tokyo|London|Berlin|Madrid]",
            "[will it|does it] [rain|snow|be warm|be cold] [tomorrow|today|in Paris|next week|in Rome]",
            "what is the weather [like|] [today|tomorrow|in London|in Paris]",
            f"[do you know|have you heard|give me news|a question] [about|of] [{_THINGS}]",
            "who [wrote|painted|discovered|built|won] [the Bible|the Eiffel Tower|America|the cup|Faust|penicillin]",
            "[recommend|find|buy|sell] [me |][a restaurant|a book|a hotel|shoes|a film|tickets]",
            "what is [12 times 4|the square root of 9|8 minus 3|half of 50|ten divided by two]",
            "[when|where] is [Christmas|the next train|the station|Easter|the museum]",
            f"what is [{_THINGS}]",
            f"[tell me|what do you know|do you know something|can you tell me something] about [{_THINGS}]",
            f"[I want to know|explain|teach me] [{_THINGS}]",
            f"who [knows|is|invented] [{_THINGS}]",
            (
                "[write me a poem|sing a song|draw a picture|book a hotel|order a pizza|play some music|translate this"
                " text|call my mother]"
            ),
            "who [won the match|is the king of England|painted the Mona Lisa|wrote Hamlet]",
            "what [day is it|time is it|is the date today]",
            "how [far is the sun|tall is the tower|many people live there|warm is it]",
            (
                "[do you know|any idea|tell me] [what|how] the weather [is|was|will be|gets] [tomorrow|today|on"
                " Sunday|in Madrid|in Lima|in Cairo]"
            ),
            (
                "[weather|rain|snow|sunshine|temperature outside] [in|over] [Rome|Lima|Madrid|Cairo|Vienna|Dublin]"
                " [today|tomorrow|]"
            ),
            "is it [raining|snowing|sunny|windy] [outside|in Rome|in Lima|there]",
        ),
    ),
)
