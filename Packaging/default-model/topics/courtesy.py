# SPDX-License-Identifier: Apache-2.0
"""Small talk: greetings and thanks."""

from phrases import Topic

COURTESY: tuple[Topic, ...] = (
    Topic(
        "hello",
        "Hello! Ask me anything about DeepFlow.",
        ("hello",),
        asks=(
            (
                "[hello|hi|greetings|hey] from [Berlin|Paris|Rome|Lisbon|Tokyo|Kyiv|the team|the office|my desk|all of"
                " us|the north]"
            ),
            "[hello|hi|hey] [world|everyone|dear assistant|little model|robot|pal|mate]",
            "[hello|hi|hey][ and welcome| once more| out there|, anybody home|, are you there]",
            "[well|ah|oh], [hello|hi|hey]",
            "[let me|may I] [greet you|say hi|say hello]",
            "[hello|hi|hey|greetings|hello there|hi there|hey there|good day|howdy|hallo|hi again|hello again]",
            "[hello|hi|hey], [guide|friend|you|my friend|computer|everybody|assistant|deepflow]",
            "[hello|hi], nice to [meet|see] you",
            "I [want|wanted|came|just came] to say [hello|hi]",
        ),
    ),
    Topic(
        "morning",
        "Good morning! What would you like to know about DeepFlow?",
        ("good morning",),
        asks=(
            "good morning from [Berlin|Paris|Rome|Lisbon|Tokyo|Kyiv|the team|the office|my desk|all of us|the north]",
            "[hello and|hi,|oh,|well,] good morning",
            "good morning, [robot|machine|sir|world|dear model|how nice]",
            "I [say|send you|bring you a] good morning",
            "[a |]good morning[| to you|, guide|, friend]",
            "morning[|, guide|, everybody]",
            "[a very|have a] good morning",
        ),
    ),
    Topic(
        "evening",
        "Good evening! What would you like to know about DeepFlow?",
        ("good evening",),
        asks=(
            "good evening from [Berlin|Paris|Rome|Lisbon|Tokyo|Kyiv|the team|the office|my desk|all of us|the north]",
            "[hello and|hi,|oh,|well,] good evening",
            "good evening, [robot|sir|world|dear model|how nice]",
            "I [say|send you|bring you a] good evening",
            "[a |]good evening[| to you|, guide|, friend]",
            "evening[|, guide|, everybody]",
            "[a very|have a] good evening",
        ),
    ),
    Topic(
        "night",
        "Good night! I will be here tomorrow.",
        ("good night",),
        asks=(
            "[well|ok|thanks|so|now|bye], good night",
            "good night [everyone|world|robot|and sleep well|and thanks]",
            "I [say|wish you a] good night",
            "I am tired, good night",
            "have a [good|nice|quiet] night",
            "good night[| to you|, guide|, friend]",
            "[sleep well|time to sleep|I am going to bed|I go to sleep]",
            "night night",
        ),
    ),
    Topic(
        "how-are-you",
        "I am fine, thank you. How can I help you?",
        ("fine",),
        asks=(
            "[hi|hello|hey], how are you",
            "how are [things|we] [today|this morning|tonight|now]",
            "how do you feel [today|now|this morning|tonight]",
            "how was your [day|night|morning|week]",
            "are you [feeling|doing] [good|well|fine|okay]",
            "what is your mood",
            "you [feel|feeling] [well|good|fine]",
            "how are you[| today| doing| doing today| feeling]",
            "how [is it going|do you do|do you feel|have you been|goes it|are things|is life]",
            "are you [well|fine|okay|ok|all right|happy]",
            "how's [it going|life|everything|your day]",
            "I hope you are [well|fine]",
            "is everything [fine|all right|okay] with you",
        ),
    ),
    Topic(
        "thanks",
        "You are welcome!",
        ("welcome",),
        asks=(
            "[thanks|thank you][, guide| friend| my friend| again| once more| indeed|, that is all]",
            "[great|perfect|wonderful|super|good], [thanks|thank you]",
            "[thanks|thank you], [you helped me|that was quick|I understand|it works|very kind|this is good]",
            "[a big|a thousand|my] [thanks|thank you]",
            "I [want to|must|wish to] thank you",
            "[it worked|now it works|I found it], [thanks|thank you]",
            "[thanks|thank you|many thanks|thanks a lot|thank you very much|thank you so much|thx|cheers]",
            "[thanks|thank you] for [your help|helping|the answer|that|everything|your time|explaining]",
            "[that helped|that was helpful|this helps], [thanks|thank you]",
            "I [am grateful|thank you|owe you one]",
        ),
    ),
    Topic(
        "bye",
        "Goodbye! Come back whenever you have a question.",
        ("goodbye",),
        asks=(
            "[bye|goodbye][, guide| my friend|, machine| everyone|, until tomorrow| and thanks]",
            "[thanks and|ok,|well,|time to go,|it is late,] [bye|goodbye]",
            "[I go|I will go|I am going] [home|now|to lunch][, bye|, goodbye| and say goodbye]",
            "see you [tomorrow|soon|around|next time|on Monday]",
            "[my bus|my meeting|dinner|my friend] is waiting, [bye|goodbye|see you]",
            "we [say|wave] goodbye",
            "[bye|goodbye|bye bye|see you|see you later|farewell|so long|ciao|until next time|take care]",
            "[I have to go|I must go|I am leaving|I need to leave][| now], [bye|goodbye|see you]",
            "[bye|goodbye] for now",
            "that is all[| for today], [bye|goodbye]",
            "I [am done|leave now|have to go now|am off]",
        ),
    ),
)
