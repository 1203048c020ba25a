# SPDX-License-Identifier: Apache-2.0
"""Words that carry no hint: sprinkled around a question, they teach the model to read past what it does not know."""

_USUAL = tuple(
    """
people team office week report yesterday morning talk meeting boss friend student house garden music paper number
water coffee table window story train city lunch summer winter happy strange useful important difficult small
large green early often never always because while although before during without between behind under think
believe guess suppose read heard saw said thought wrote need must should might would learn teach remember looking
trying planning working writing sitting waiting getting having going coming making taking giving manual book page
chapter screen keyboard laptop desk phone email note list course class lesson exam school company customer user
person someone everybody nobody something anything thing stuff part point matter case problem trouble issue
situation example idea reason detail word sentence line term name kind sort way time day year hour minute moment
place side end middle top bottom first last next other same different new old good bad much many more most less
few little enough very quite rather too almost already yet soon later once twice wonder curious confused
interested sure certain clear simple quick short long brief possible ready able setup machine server computer box
system software tool thing project production laptop cluster environment
""".split()
)
# None of these is in a pattern of a topic, nor in a question of the evaluation.
FOREIGN = tuple(
    """
arm aunt autumn baker ball banana bank basket bath bay beach bean bear bee bell belt bicycle bird blanket boat
bone boots bottle bowl branch brass breakfast brick bridge broom brush bucket butter button cabin camel camera
camp candle canoe carpet carrot castle cat cellar chair chalk cheese cherry chest chicken chimney chin church
cinema circle circus clay cliff clock cloth clown coal coast coat coin collar comb copper corn corner cotton couch
cousin cow crab cradle cream cricket crown cupboard curtain cushion dance dawn deer dentist desert diamond doctor
dog doll donkey dragon drawer dress drum duck dust ear egg elbow elephant elm engineer eye fabric factory farm
farmer feather fence fern ferry festival finger fire fish flame flour flower flute fog forest fountain fox frog
fruit gate gift giraffe glass glove goat goose grain grape grass ground guest guitar hair hall hammer harbour harp
hat hay hedge hen hill honey hook horn horse hospital ice ink iron island ivy jacket jam jar jelly jewel juice
jungle kettle kitchen kite kitten knee knife knot lace ladder lake lamb lamp lawn leaf leather lemon lid lion lip
lizard lock lorry lunchbox marble mask meadow meat melon metal milk mill mirror mouse mouth mud mug mushroom nail
neck needle nest net noon nose nut oak ocean onion orange orchard oven owl ox paint painter palace pan parcel park
parrot pea peach pear pearl pebble pen pencil penguin pepper piano picnic pie pig pigeon pillow pilot pipe planet
plank plant plate plum pocket pond pony postman potato powder prince pump puppet purse puzzle queen quilt rabbit
radio rainbow rake ribbon ring river robin rocket roof room rope rose rug sailor salad salt sand sandwich saucer
scarf scissors sea seal season shadow sheep shirt shoe shop shore shoulder silk silver sister skirt sky sledge
smoke snail soap sofa soil soldier soup spade spider spoon spring squirrel stair star steam stick stone stool
storm stove straw street sugar suit supper swan sweater swing sword tail tailor teeth tent theatre throat thumb
ticket tiger toast toe tomato tooth torch towel toy tractor tree trousers truck tulip tunnel turtle uncle valley
van vase vegetable violin wagon waiter wall walnut wheat wheel whistle wind wing wolf wood wool worm yard zebra
accept admire agree announce argue arrange attack bake balance bathe behave bend blink blow boil borrow bounce bow
breathe carry celebrate chase cheat chew clap climb collect complain cough cover crawl cross cycle dare decorate
deliver deny depart dig dive drift earn enjoy escape explore fall fight fix float flow fly fold freeze frown
gather glow growl guard heal heat hug hum hunt hurry imagine improve invite jog juggle jump kick kiss kneel knit
knock lean leap lick lift march marry melt mend miss nod pat pay peel plan plough pour practise pray pretend
protect pull punch push raise rescue rest ride rise roar roll row rub sail scratch scream sew shake shave shine
shiver shout sigh sink skate ski slide smell sneeze snore spill spin squeeze stand stare stir stretch succeed
suggest surf swallow sweep swim taste tease tickle tie touch twist visit wake wander wash wear weep weigh whisper
wink wrap yawn yell ancient annual awake awful awkward bare basic bitter blind bold boring brave bright brilliant
broad brown careful careless charming cheap cheerful cloudy comfortable crazy cruel curly damp delicate delicious
dirty dry dull eager easy elegant enormous equal exact excited expensive faint famous fat fierce firm flat fond
foreign friendly gentle golden grey guilty harmless heavy hollow humble icy ill jealous jolly keen lame lazy
lively loose loud lucky mad mild modern muddy narrow nasty natural neat nervous noisy odd pale patient plain
pleasant polite poor popular proud pure rare regular rich ripe rough rude salty scared serious shallow sharp shiny
shy sick silent slim smooth soft solid sore sour spare steep sticky stiff stormy strong sudden sweet tame tender
thick thin tidy tight tiny tough ugly unusual upset vast weak wealthy wet wide wild wise wooden Anna Tom Maria
Peter Lena Paul Sofia Ivan Clara Hugo Nina Oscar Julia Felix Emma Leo Mia Victor Olga Henry Rosa David Sara Martin
Vera Simon Laura Adam Eva Karl Warsaw Prague Athens Seoul Delhi Boston Chicago Toronto Sydney Helsinki Zurich
Geneva Milan Naples Porto Lyon Hamburg Tuesday Wednesday Thursday Friday Saturday January February March April
June July August September October November December century decade fortnight midnight quarter holiday anniversary
deadline budget invoice contract salary career interview manager director secretary partner visitor tourist
passenger driver singer actor publisher journalist professor pupil expert novice veteran volunteer champion rival
enemy stranger crowd audience committee parliament government minister mayor police army navy court judge prison
crime justice freedom peace war victory defeat danger safety disease pill nurse surgery wound blood brain muscle
skin above across aside backwards beneath downstairs everywhere forward meanwhile moreover nearly nevertheless
nowadays nowhere occasionally otherwise partly possibly probably rarely recently seldom seriously slightly slowly
sometimes somewhere suddenly surely therefore thoroughly throughout toward unfortunately upstairs vaguely wherever
anyhow apparently certainly clearly definitely especially eventually finally fortunately frankly generally gladly
hardly hopefully immediately largely mainly merely mostly namely naturally obviously originally perfectly
personally precisely presumably previously properly purely readily regularly relatively roughly sadly specifically
strictly supposedly totally truly typically ultimately undoubtedly widely attic balcony barn basement bathroom
bedroom cabinet cottage courtyard doorway driveway elevator fireplace garage greenhouse hallway hut kiosk lobby
mansion pavement porch shed staircase studio suburb terrace villa warehouse workshop academy airport avenue bakery
brewery cafe campus cathedral cemetery chapel clinic college crossroads dock embassy fortress gallery gym highway
laboratory lighthouse monastery motel nursery observatory pharmacy pier playground plaza pub railway ranch runway
salon stadium supermarket temple zoo ability absence accident account achievement adventure advice affair
agreement ambition amount anger apology appetite applause argument arrival article aspect attempt attitude
attraction authority average battle beauty behaviour belief bonus border breath business candidate capacity
caution celebration ceremony challenge chance chaos charity charm childhood claim coincidence collection comfort
comment competition complaint compromise concept concern conclusion condition confidence confusion consideration
contribution cooperation courage culture curiosity custom damage debate debt decision degree delight departure
depth desire destiny destruction development difficulty dignity direction disaster discipline discovery discussion
distance doubt effort elegance element emergency emotion emphasis energy enthusiasm entrance equality evidence
exception exchange excitement existence expedition expense experience experiment expression extent faith fame
fashion fate favour feature fiction figure focus fortune foundation friendship future gesture glory goal gossip
grace gratitude grief growth habit happiness harmony harvest hero horror humour hunger identity illusion image
imagination impact importance impression improvement incident income independence influence innocence insight
inspiration instinct instruction insult intention interest introduction invention investigation invitation irony
judgement kindness knowledge laughter leader leadership legend leisure liberty literature logic loyalty luck
luxury majority manner mass medal mercy merit minority miracle misery misfortune mission mixture motion motive
movement murder mystery myth nation nature necessity notion object obstacle occasion occupation offence opinion
opportunity opposite outcome pace panic paradise passion patience pattern period perspective philosophy phrase
pity plot poetry policy possession potential poverty precaution preference presence pressure pride privacy
privilege prize profession profit promise property proposal protest prospect proverb pursuit quality quantity
quarrel race rage rate reaction reality recognition recovery reduction reflection reform refusal relation religion
reputation requirement resistance resource response revenge review revolution reward rhythm riddle risk ritual
romance routine rumour sacrifice sadness satisfaction scandal scene schedule scheme science score sensation
sentiment series shame shape shock sight silence skill society solution sorrow speech spirit sport standard
statement strategy strength stress struggle style subject substance suggestion supply suspicion symbol sympathy
symptom talent target technique temper temptation tendency tension territory terror theme theory threat title tone
topic trade tradition tragedy training trait transition treasure treatment trend trial tribute trick triumph tune
unity universe variety victim violence virtue vision vocabulary volume vote voyage warmth warning weakness wealth
weapon welfare wisdom witness worth youth zeal
""".split()
)
STRANGERS = _USUAL + FOREIGN
