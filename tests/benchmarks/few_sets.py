"""Two sets of short texts for `few.py`, with 6 and 20 classes: training and test share no phrase, only their meaning."""

import re

import numpy as np

# Letters to a town hall. Of each class: what is said of it in training | what is said of it in the test; of [a/b], one.
TOWN = {
    "roads": "there is a [deep/dangerous] hole in the [asphalt/street/lane]; the kerb has crumbled; a paving stone is "
    "loose and people trip; the zebra crossing has faded away; the cycle lane ends in [gravel/mud]; the [bridge/flyover] "
    "has cracks in its surface; the gravel road turned into [mud/ruts]; a traffic sign was knocked over; the traffic "
    "lights stay on [red/amber]; the roundabout has lost its arrows; salt was not spread on the icy hill; a manhole cover "
    "is missing; the street lamps are dark; steps up to the station are broken; roots have lifted the footpath; the "
    "crash barrier is bent; after the works they left the trench open; lorries have ground the verge down; puddles stay "
    "on the carriageway; the white lines need paint | "
    "my tyre burst on the broken tarmac; the pavement is so uneven that my pram got stuck; cars swerve around a sunken "
    "drain cover; the markings between the lanes cannot be seen; cobbles came up after the frost; the speed bump has lost "
    "its bolts; my bicycle wheel got caught in a crack; nobody can read the direction board at the crossroads; the "
    "surface of the car park is like a moon; the pedestrian signal never turns green; wheelchairs cannot pass the "
    "sidewalk; the shoulder has slid into the ditch",
    "waste": "the bins were not emptied; somebody left an old [sofa/mattress/wardrobe] by the containers; the glass bank "
    "is overflowing; rats are at the rubbish bags; the recycling lorry skipped us; we need a bigger [paper/food] bin; "
    "the dustmen came too late; litter lies all over the [playground/bank]; our wheelie bin was stolen; the yellow sacks "
    "have run out; the tip turned me away; a wheel of the container broke off; which bin takes [foil/corks]; dog mess "
    "covers the lawn; the collection calendar is wrong; broken bottles lie in the sandpit; the textile bank is full; a "
    "heap of tyres was left in the wood; where can I bring old paint; the bin smells of rotten meat | "
    "my trash has been standing there for two weeks; garden cuttings are no longer picked up; a fridge was dumped in the "
    "bushes; the lid of our compost bucket is broken; plastic sacks blow all over; when do you collect used batteries; "
    "foxes tore the refuse apart; cardboard piles up by the depot; the garbage truck drove past; someone threw rubble "
    "behind the garages; how do I get rid of a television; fast food wrappers everywhere",
    "noise": "the neighbours play drums until midnight; a pub keeps its terrace loud; drilling begins before six; a dog "
    "barks all night; motorbikes race under our windows; an alarm has been howling since yesterday; the [church "
    "bells/sirens] wake the baby; loud music comes from the [flat/yard]; leaf blowers roar at dawn; guests of the bar sing "
    "in the street; planes fly low after eleven; a cockerel crows at four; the generator of the fair rattles; teenagers "
    "yell in the park; trains squeal at the bend; the air conditioner drones; a compressor thumps all day; they hold "
    "rehearsals with the windows open; trucks sound their horns; the karaoke next door never ends | "
    "we cannot sleep for the shouting below; the bass from the club shakes our walls; builders hammer on Sundays; somebody "
    "sets off fireworks every evening; the ventilator of the bakery hums without end; a party goes on next door again; "
    "deliveries clatter at three in the morning; the trumpet upstairs drives me mad; engines rev outside until late; a "
    "loudspeaker blares from the market; the puppy howls when they are out; power saws scream at lunchtime",
    "water": "brown water comes from the tap; a pipe has burst; the drain is blocked and smells; our meter shows far too "
    "much; the pressure in the shower is gone; the [fountain/reservoir] leaks; the stream has flooded the [meadow/cellar]; "
    "the tap only drips; they turned our supply off; the main in front of the house gurgles; is it safe to drink from the "
    "well; limescale has ruined the kettle; the pump of the pond has stopped; sewage stands in the yard; the stopcock is "
    "stuck; please read the water meter again; it smells of rotten eggs at the sink; the culvert is full of leaves; frost "
    "has split the standpipe; rain comes up through the toilet | "
    "the gully floods whenever it rains; nothing runs in my kitchen since morning; there is a taste of chlorine in what "
    "we drink; the sewer comes up in the cellar; the hydrant drips day and night; my bill for litres used has doubled; the "
    "bath fills with rusty liquid; how hard is what comes from the mains; wet patches spread over the front lawn; the "
    "washing machine gets none; a foul stench rises from the plughole; the gutter spills onto the steps",
    "permits": "which form do I need for a [garage/carport/shed]; I want to open a food stall; may I fell an old oak; how "
    "long does an application for an extension take; I need leave for a street festival; my parking pass has run out; "
    "may we put tables before the café; I apply for a fishing licence; who approves a new fence; is a permit needed for a "
    "[pool/sauna]; we want to close the road for filming; please extend my residence card; may I keep bees; I have to "
    "register my dog; what papers do I need to build a porch; our request for a chimney was refused; can I hold a car boot "
    "sale; the stamp on my approval is missing; I would like to dig a well; may I hang a sign above the door | "
    "can I put solar panels on a listed house; what does it cost to register a small business; whom do I ask before I turn "
    "a shop into a flat; we plan a wedding in the park and want your consent; the licence of my taxi must be renewed; "
    "where do I hand in the plans of our balcony; is it allowed to light a bonfire; authorise our market booth; how do "
    "residents get a sticker for the zone; the deadline to object to the building plan; may I sell wine at the fair; we "
    "were told to get clearance for the scaffold",
    "lost": "I left my [umbrella/hat/scarf] on the tram; my wallet is gone; I found a bunch of keys; a child's jacket was "
    "left on the bench; has anybody handed in a phone; my hearing aid fell out; our [parrot/tortoise] flew off; a brown "
    "handbag was found; I cannot find my passport; somebody took my suitcase by mistake; a watch lay on the steps; I lost "
    "an earring at the pool; our dog slipped its lead; I forgot my laptop on the bus; a teddy bear was dropped; is my "
    "camera with you; I found a bicycle helmet; the bracelet slid off my arm; a wedding ring went missing; somebody "
    "left a walking stick here | "
    "a grey cat has run away from us; my glasses stayed behind in the reading room; someone forgot a violin in the hall; I "
    "picked up a gold ring; my rucksack is missing since the concert; is there a purse with my cards at your desk; the "
    "boy's mitten must be somewhere; a stranger's folder was on my seat; please keep the tablet that I mislaid; my "
    "budgie escaped; I came across an envelope with money; the necklace of my grandmother has vanished",
}  # fmt: skip

# What one says to a machine at home.
HOME = {
    "alarm": "wake me at [seven/eight/six]; I must be up by half past five; ring tomorrow before the sun comes up; set "
    "something for six so that I do not oversleep; an alarm for [Monday/Friday] morning; snooze; no alarm at the "
    "weekend; get us up early for the train; which alarms are set; wake the children in an hour; move my wake-up to "
    "ten; ring every weekday at dawn | get me out of bed at eight; make a sound at dawn; I need to rise early on Monday; do "
    "not let me sleep past nine; let me lie in until eleven; rouse me before work; am I going to be woken tomorrow; five "
    "more minutes of sleep",
    "timer": "count down [ten/three] minutes; tell me when the eggs have had four minutes; start a countdown for the oven; "
    "beep after half an hour; a timer for the [tea/rice]; pause the timer; how many seconds remain; add a minute to the "
    "countdown; time my plank; twenty minutes for the laundry; start the stopwatch; cancel the egg timer | give me ninety "
    "seconds; let me know once a quarter of an hour has gone; how much is left on the clock for the pasta; stop the "
    "countdown; remind me when forty minutes are over; measure how long I run; the bread needs an hour from now; reset "
    "the clock to zero",
    "weather": "will it [rain/snow] tomorrow; how warm is it outside; do I need an umbrella; is there frost tonight; what "
    "is the forecast for [Sunday/June]; how strong is the wind; when does the sun set; is it foggy on the coast; will the "
    "heat last; how humid is it; does it hail in the north; sunshine or clouds today | what will the sky be like at noon; is "
    "a storm on its way; can I go out without a coat; how many degrees this weekend; will we get wet on our walk; does it "
    "clear up later; is it slippery with ice; how cold will the night be",
    "music": "play some [jazz/rock/soul]; put on the new album; turn this song up; next track please; repeat the last "
    "song; play the radio; what is this tune called; a playlist for running; skip this one; louder; stop the music; some "
    "Mozart for dinner | I want to hear the piano concerto; shuffle my favourites; who sings this; something to dance to; "
    "put the record on again; back to the chorus; calm tunes for the evening; quiet down the band",
    "lights": "switch the lamp [on/off]; make it darker in the hall; turn the bedroom [blue/red]; everything off "
    "downstairs; lights out; the porch light on at dusk; brighten the desk; half the brightness in here; turn off the "
    "bulb on the stairs; reading light please; flash the lights; candle colour in the lounge | it is too bright in here; "
    "dim the kitchen to a half; I cannot see a thing in the cellar; warm white for the desk; leave the landing lit; "
    "illuminate the garden path; make the nursery glow softly; nobody is upstairs, so why is it lit",
    "heating": "turn the radiator [up/down]; make it two degrees cooler; it is freezing in the bathroom; set the "
    "thermostat to [twenty/eighteen]; heat the living room; switch the air conditioning on; I am cold; what is the "
    "temperature in the bedroom; heating off while we are away; warmer please; underfloor heating at six; cool the attic | "
    "I am sweating, do something; lower the heat at night; is the boiler running; warm up the study before I am back; the "
    "children shiver in their room; keep the house at nineteen; stop the furnace; it feels stuffy and hot inside",
    "shopping": "put [milk/cheese/salt] on the list; we are out of bread; add two kilos of potatoes; what did I still want "
    "to buy; take the eggs off the shopping list; buy toothpaste; add batteries for the torch; read my shopping list; I "
    "must get apples; empty the grocery list; put two bottles of juice down; more washing powder | remember that we need "
    "soap; strike the butter from what to get; note down coffee for the supermarket; there is no rice left; what is missing "
    "in the pantry; yoghurt is finished; jot down flour and yeast; tick off the tomatoes",
    "recipe": "how do I make [pancakes/dumplings]; what can I cook with [leeks/beans]; how much flour goes in a sponge; a "
    "dish without meat for four; a recipe for curry; next step of the recipe; at what heat do I bake bread; how long do "
    "potatoes boil; can I freeze the sauce; something quick with chicken; what goes with trout; how do I thicken gravy | how "
    "long does a goose roast; show me a soup for cold days; what replaces eggs in a dough; give me ideas for supper with "
    "lentils; how is risotto stirred; which spices suit a stew; what could I bake for a birthday; how thin do I slice the "
    "onions",
    "calendar": "what do I have on [Friday/Tuesday]; move the dentist to three; am I free in the afternoon; put the "
    "meeting down for Tuesday; add the parents' evening; delete the appointment at noon; which day is the tenth; when is "
    "the school concert; block my Thursday; how many meetings today; remind me of the deadline; shift yoga by a week | when "
    "is my next appointment; cancel lunch with Paul; enter my sister's birthday; is anything planned for the first of May; "
    "does my schedule clash; what is on next week; postpone the review; keep the evening of the third free",
    "call": "ring my [mother/uncle/sister]; dial the office; call the plumber back; phone Anna on her mobile; call the "
    "last missed number; start a video call with Ben; decline the call; put the phone on speaker; call the doctor; who "
    "rang; ring the school; mute the call | get me grandpa on the line; hang up; redial the last number; put me through to "
    "the surgery; pick up; I want to talk to my wife now; try the landline of the Millers; connect me with customer "
    "service",
    "message": "text [Tom/Lucy] that I am late; write to my boss; read me what Eva sent; answer her with a yes; any new "
    "emails; send Max a photo; reply that I agree; delete the last message; write a text to the babysitter; forward it to "
    "Ann; tell dad by text that we arrived; read out my inbox | send a note to the whole group; did anybody write to me; "
    "let Jim know we leave now; dictate an email; what was in the mail from the bank; thank her in writing; post in the "
    "family chat; respond to the invitation",
    "route": "how do I get to the [station/castle]; is there a jam on the way to work; the quickest way home; how far is it "
    "to the [lake/border]; directions to the zoo; navigate to the hospital; how long is the drive; a way without tolls; "
    "show the map; where do I turn; a walking route to the park; road works on the bypass | guide me to the museum; which "
    "exit do I take; avoid the motorway; is the tunnel closed today; lead us back to the camp; how many miles to the "
    "coast; the nicest path by bike to the mill; traffic on the ring road",
    "taxi": "get me a [cab/taxi]; a ride to the airport at six; order a car for two; where is my driver; call a taxi for "
    "grandma; a cab home from the bar; is my taxi near; I need a ride now; a minivan with a driver; book a shuttle for the "
    "morning; pay the driver; change the pick-up point | I need to be picked up from the theatre; send someone to fetch us; "
    "what would it cost to be driven downtown; cancel my ride; a chauffeur for the evening; when will the car be at my "
    "door; can the driver wait ten minutes; hail one for three people",
    "flight": "when does my plane leave; book a seat to [Lisbon/Delhi]; is the flight to [Oslo/Turin] on time; which gate do "
    "I go to; find a flight for Easter; check me in online; how much luggage may I take aboard; is there a direct flight; "
    "change my flight to Sunday; when do we land; two tickets to New York by air; an aisle seat | a window place on the "
    "plane to Rome; how early must I check in; did they delay the departure to Cairo; the cheapest way to fly to Boston; "
    "where is my boarding pass; which airline goes to Nairobi; upgrade me to business class; from which terminal do we "
    "take off",
    "hotel": "find a room in [Vienna/Cork] for two nights; does the inn have a pool; a double bed near the beach; cancel my "
    "stay in Bath; book a hotel by the station; when is check-out; a room with a view; does the hostel take dogs; a suite "
    "for the weekend; is there a lift in the hotel; the cheapest hotel in Madrid; add an extra bed | somewhere to sleep in "
    "Prague under ninety euros; is breakfast part of the price of the room; prolong our stay until Sunday; a quiet guest "
    "house in the hills; where could we spend the night; reserve lodging for six; which bed and breakfast is best; ask "
    "reception for a late arrival",
    "restaurant": "a table for [four/two] tonight; where can we eat [Thai/Greek]; is the bistro open on Mondays; book the "
    "pizzeria at eight; a restaurant with a garden; find a good steak house; is there a menu for children; change our "
    "table to nine; what does the tavern serve; a place for brunch; where is the nearest café; reserve at the diner | I want "
    "to go out for sushi; which place round here has vegan meals; tell the trattoria we are five; how good is the food at "
    "the harbour grill; somewhere fancy to dine; do they have seats outside; who makes the best burgers in town; cancel our "
    "dinner booking",
    "translate": "how do you say [thank you/cheese] in Polish; what does Schmetterling mean; put this sentence into French; "
    "the Spanish word for [bridge/apple]; translate hello into Korean; how is it spelled in Italian; say it in German; "
    "what is dog in Latin; translate the letter to English; I do not understand this Danish word; pronounce it in Chinese; "
    "the plural in Russian | say good night in Finnish; what is that in English; turn my letter into Dutch; how is rain "
    "called in Greek; give me the Hungarian for please; which language is this; I need a phrase in Turkish; interpret what "
    "she said in Hindi",
    "news": "what happened [today/yesterday]; read me the headlines; who won the election; anything new from parliament; "
    "the sports news; what is new in science; world news please; news about the fire; how did the vote go; the business "
    "pages; breaking news; what did the minister say | what are the papers saying; tell me about the strike; the latest on "
    "the summit; sum up what went on in the world; how is the trial going; any reports from abroad; update me on the "
    "earthquake; which stories lead this morning",
    "joke": "tell me something funny; make me laugh; do you know a good one about [cats/vicars]; I could do with a pun; a "
    "joke please; another joke; the one with the duck; tell a riddle that is silly; that was not funny, try again; a "
    "limerick; be witty; a short gag for my speech | cheer me up; say something silly; what is the best knock-knock you "
    "have; amuse the children; got any humour in you; I want to giggle; entertain my guests with wordplay; why did the "
    "chicken cross the road",
    "money": "how many yen are ten euros; what did I spend in [June/March]; how much is left on my account; pay the rent; "
    "send forty pounds to Kim; what is my balance; how is the stock market; convert dollars to francs; show my last "
    "payments; pay the electricity bill; put fifty aside; is my card blocked | is the pound up against the dollar; transfer "
    "fifty to Max; did my wages arrive; what is a hundred crowns worth; settle the invoice of the painter; how much went on "
    "food this month; what do I owe the bank; move my savings",
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
                said = re.sub(r"\[(.*?)\]", lambda choice: generator.choice(choice[1].split("/")), phrase)
                texts[frame.format(said, tail.format(n=generator.integers(2, 90)))] = None
        drawn += [(text, label) for text in list(texts)[:per_class]]
    return drawn
