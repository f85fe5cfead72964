"""Two sets of short texts for `few.py`, with 6 and 20 classes: training and test share no phrase, only their meaning."""

import numpy as np

# Letters to a town hall. Each class: what is said of it in training | what is said of it in the test.
TOWN = {
    "roads": "there is a deep hole in the asphalt; the kerb has crumbled; a paving stone is loose and people trip; "
    "the zebra crossing has faded away; the cycle lane ends in gravel; the bridge has cracks in its surface | "
    "my tyre burst on the broken tarmac; the pavement is so uneven that my pram got stuck; cars swerve around a "
    "sunken manhole; the markings between the lanes cannot be seen; cobbles came up after the frost; the speed bump "
    "has lost its bolts",
    "waste": "the bins were not emptied; somebody left an old sofa by the containers; the glass bank is overflowing; "
    "rats are at the rubbish bags; the recycling lorry skipped us; we need a bigger paper bin | my trash has been "
    "standing there for two weeks; garden cuttings are no longer picked up; a fridge was dumped in the bushes; the "
    "lid of our compost bucket is broken; plastic sacks blow all over; when do you collect used batteries",
    "noise": "the neighbours play drums until midnight; a pub keeps its terrace loud; drilling begins before six; a dog "
    "barks all night; motorbikes race under our windows; an alarm has been howling since yesterday | we cannot sleep "
    "for the shouting below; the bass from the club shakes our walls; builders hammer on Sundays; somebody sets off "
    "fireworks every evening; the ventilator of the bakery hums without end; a party goes on next door again",
    "water": "brown water comes from the tap; a pipe has burst; the drain is blocked and smells; our meter shows far "
    "too much; the pressure in the shower is gone; the fountain leaks | the gully floods whenever it rains; nothing "
    "runs in my kitchen since morning; there is a taste of chlorine in what we drink; the sewer comes up in the "
    "cellar; the hydrant drips day and night; my bill for litres used has doubled",
    "permits": "which form do I need for a garage; I want to open a food stall; may I fell an old oak; how long does an "
    "application for an extension take; I need leave for a street festival; my parking pass has run out | can I put "
    "solar panels on a listed house; what does it cost to register a small business; whom do I ask before I turn a "
    "shop into a flat; we plan a wedding in the park and want your consent; the licence of my taxi must be renewed; "
    "where do I hand in the plans of our balcony",
    "lost": "I left my umbrella on the tram; my wallet is gone; I found a bunch of keys; a child's jacket was left on "
    "the bench; has anybody handed in a phone; my hearing aid fell out | a grey cat has run away from us; my glasses "
    "stayed behind in the reading room; someone forgot a violin in the hall; I picked up a gold ring; my rucksack is "
    "missing since the concert; is there a purse with my cards at your desk",
}  # fmt: skip

HOME = {
    "alarm": "wake me at seven; I must be up by half past five; ring tomorrow before the sun comes up; set something for "
    "six so that I do not oversleep | get me out of bed at eight; make a sound at dawn; I need to rise early on Monday; "
    "do not let me sleep past nine",
    "timer": "count down ten minutes; tell me when the eggs have had four minutes; start a countdown for the oven; "
    "beep after half an hour | give me ninety seconds; let me know once a quarter of an hour has gone; how much is left "
    "on the clock for the pasta; stop the countdown",
    "weather": "will it rain tomorrow; how warm is it outside; do I need an umbrella; is there frost tonight | what will "
    "the sky be like at noon; is a storm on its way; can I go out without a coat; how many degrees this weekend",
    "music": "play some jazz; put on the new album; turn this song up; next track please | I want to hear the piano "
    "concerto; shuffle my favourites; who sings this; something to dance to",
    "lights": "switch the lamp on; make it darker in the hall; turn the bedroom blue; everything off downstairs | it is "
    "too bright in here; dim the kitchen to a half; I cannot see a thing in the cellar; warm white for the desk",
    "heating": "turn the radiator up; make it two degrees cooler; it is freezing in the bathroom; set the thermostat to "
    "twenty | I am sweating, do something; lower the heat at night; is the boiler running; warm up the study before "
    "I am back",
    "shopping": "put milk on the list; we are out of bread; add two kilos of potatoes; what did I still want to buy | "
    "remember that we need soap; strike the butter from what to get; note down coffee for the supermarket; there is no "
    "rice left",
    "recipe": "how do I make pancakes; what can I cook with leeks; how much flour goes in a sponge; a dish without meat "
    "for four | how long does a goose roast; show me a soup for cold days; what replaces eggs in a dough; give me ideas "
    "for supper with lentils",
    "calendar": "what do I have on Friday; move the dentist to three; am I free in the afternoon; put the meeting down "
    "for Tuesday | when is my next appointment; cancel lunch with Paul; enter my sister's birthday; is anything planned "
    "for the first of May",
    "call": "ring my mother; dial the office; call the plumber back; phone Anna on her mobile | get me grandpa on the "
    "line; hang up; redial the last number; put me through to the surgery",
    "message": "text Tom that I am late; write to my boss; read me what Eva sent; answer her with a yes | send a note to "
    "the whole group; did anybody write to me; let Jim know we leave now; dictate an email",
    "route": "how do I get to the station; is there a jam on the way to work; the quickest way home; how far is it to "
    "the lake | guide me to the museum; which exit do I take; avoid the motorway; is the tunnel closed today",
    "taxi": "get me a cab; a ride to the airport at six; order a car for two; where is my driver | I need to be picked "
    "up from the theatre; send someone to fetch us; what would it cost to be driven downtown; cancel my ride",
    "flight": "when does my plane leave; book a seat to Lisbon; is the flight to Oslo on time; which gate do I go to | "
    "a window place on the plane to Rome; how early must I check in; did they delay the departure to Cairo; the "
    "cheapest way to fly to Boston",
    "hotel": "find a room in Vienna for two nights; does the inn have a pool; a double bed near the beach; cancel my "
    "stay in Bath | somewhere to sleep in Prague under ninety euros; is breakfast part of the price of the room; "
    "prolong our stay until Sunday; a quiet guest house in the hills",
    "restaurant": "a table for four tonight; where can we eat Thai; is the bistro open on Mondays; book the pizzeria at "
    "eight | I want to go out for sushi; which place round here has vegan meals; tell the trattoria we are five; how "
    "good is the food at the harbour grill",
    "translate": "how do you say thank you in Polish; what does Schmetterling mean; put this sentence into French; the "
    "Spanish word for bridge | say good night in Finnish; what is that in English; turn my letter into Dutch; how is "
    "rain called in Greek",
    "news": "what happened today; read me the headlines; who won the election; anything new from parliament | what are "
    "the papers saying; tell me about the strike; the latest on the summit; sum up what went on in the world",
    "joke": "tell me something funny; make me laugh; do you know a good one about cats; I could do with a pun | cheer me "
    "up; say something silly; what is the best knock-knock you have; amuse the children",
    "money": "how many yen are ten euros; what did I spend in June; how much is left on my account; pay the rent | is "
    "the pound up against the dollar; transfer fifty to Max; did my wages arrive; what is a hundred crowns worth",
}  # fmt: skip

SETS = {
    "town": (TOWN, ("Good morning, {}{}.", "{}{}!", "Hello, {}{}, please help.", "Since Monday: {}{}.", "I write since {}{}."),
             (" in Mill Lane", " near the school", " at number {n}", "", " by the church", " behind the library")),
    "home": (HOME, ("{}{}", "please {}{}", "hey, {}{}", "could you help me: {}{}", "{}{}, will you"),
             ("", " please", " right now", " thanks", " if you can", " for me")),
}  # fmt: skip


def made(name: str, per_class: int, seed: int, test: bool) -> list[tuple[str, str]]:
    """Draw (text, class) pairs, `per_class` different ones of each class; of the phrases for the test, or the others."""
    phrases, frames, tails = SETS[name]
    generator = np.random.default_rng([seed, test])
    drawn = []
    for label, both in phrases.items():
        seen = [phrase.strip() for phrase in both.split("|")[test].split(";")]
        texts: dict[str, None] = {}
        while len(texts) < per_class:
            for phrase in generator.permutation(seen).tolist():
                frame, tail = generator.choice(frames), generator.choice(tails)
                texts[frame.format(phrase, tail.format(n=generator.integers(2, 90)))] = None
        drawn += [(text, label) for text in list(texts)[:per_class]]
    return drawn
