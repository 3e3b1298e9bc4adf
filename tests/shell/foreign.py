"""Sentences of six words and more as members might write them in Welsh, Polish, Urdu and Bengali, thirty a language."""

WELSH = """
Mae'r cyfarfod nesaf nos Iau am saith yn y neuadd
Pwy sy'n gallu helpu gyda'r taflenni ddydd Sadwrn yma
Rwy'n meddwl bod y cyngor wedi gwneud camgymeriad mawr
Diolch yn fawr iawn i bawb am eich gwaith caled
Dydw i ddim yn cytuno gyda'r cynnig hwn o gwbl
Beth wyt ti'n feddwl am y bleidlais yr wythnos diwethaf
Mae angen mwy o dai cyngor yn ein tref ni
Fe wnaethon ni ennill y sedd o naw pleidlais neithiwr
Bydd y bws yn gadael am wyth o'r gloch y bore
Dw i wedi bod yn aelod ers deugain mlynedd bellach
Mae'r ysgol leol yn cau ac mae pawb yn drist
Allwch chi anfon y cofnodion ataf i os gwelwch yn dda
Roedd y siaradwr yn wych ond roedd hi'n rhy hir
Mae'n ddrwg gen i ond fedra i ddim dod heno
Cofiwch ddod â'ch cerdyn aelodaeth gyda chi i'r cyfarfod
Mae'r pris trydan wedi mynd i fyny eto eleni
Pam nad oes neb wedi ateb fy nghwestiwn i eto
Hoffwn i enwebu Siân ar gyfer swydd yr ysgrifennydd
Mae plant y dref yn haeddu gwell llyfrgell na hon
Dewch i gael paned o de gyda ni wedyn
Does neb yn gwrando ar bobl ifanc yn y blaid
Mi fydda i'n canfasio ar Stryd y Bont yfory
Mae'r ysbyty agosaf dros awr i ffwrdd mewn car
Cafodd y gyllideb ei phasio er gwaethaf ein gwrthwynebiad
Gobeithio bod dy fam yn well erbyn hyn ffrind
Rhaid i ni siarad am yr iaith yn ein hysgolion
Oes gan rywun allweddi'r neuadd ar gyfer nos yfory
Mae'r ymgeisydd newydd yn dod o bentref cyfagos
Peidiwch ag anghofio pleidleisio cyn deg o'r gloch heno
Llongyfarchiadau mawr i'r tîm ar ganlyniad ardderchog arall
"""

POLISH = """
Następne zebranie jest w czwartek o siódmej w sali
Kto może pomóc przy ulotkach w najbliższą sobotę rano
Uważam że rada miasta popełniła bardzo duży błąd
Dziękuję wszystkim za waszą ciężką pracę w tym tygodniu
Zupełnie nie zgadzam się z tym wnioskiem i powiem dlaczego
Co myślisz o głosowaniu w zeszłym tygodniu na zebraniu
W naszym mieście potrzeba więcej mieszkań komunalnych dla rodzin
Wczoraj wieczorem wygraliśmy ten okręg tylko dziewięcioma głosami
Autobus odjeżdża jutro o ósmej rano sprzed biblioteki
Jestem członkiem partii już od ponad czterdziestu lat
Zamykają naszą szkołę i wszyscy są z tego powodu smutni
Czy możesz mi proszę przesłać protokół z ostatniego zebrania
Mówczyni była świetna ale mówiła o wiele za długo
Przykro mi ale niestety nie mogę dzisiaj przyjść
Pamiętajcie żeby przynieść ze sobą legitymację na zebranie
Cena prądu znowu poszła w górę w tym roku
Dlaczego nikt jeszcze nie odpowiedział na moje pytanie
Chciałbym zgłosić kandydaturę Anny na stanowisko sekretarza
Dzieci w tym mieście zasługują na lepszą bibliotekę
Chodźcie potem z nami na herbatę i ciasto
Nikt w tej partii nie słucha młodych ludzi
Jutro będę chodzić od drzwi do drzwi na ulicy Mostowej
Najbliższy szpital jest ponad godzinę jazdy samochodem stąd
Budżet został przyjęty mimo naszego zdecydowanego sprzeciwu
Mam nadzieję że twoja mama czuje się już lepiej
Musimy porozmawiać o cenach biletów autobusowych w mieście
Czy ktoś ma klucze do sali na jutrzejszy wieczór
Nowa kandydatka pochodzi z sąsiedniej wsi i zna problemy
Nie zapomnijcie zagłosować dzisiaj przed dziesiątą wieczorem
Wielkie gratulacje dla całej drużyny za kolejny świetny wynik
"""

URDU = """
اگلا اجلاس جمعرات کو سات بجے ہال میں ہے
ہفتے کے دن پرچے بانٹنے میں کون مدد کر سکتا ہے
میرے خیال میں کونسل نے بہت بڑی غلطی کی ہے
آپ سب کی محنت کا بہت بہت شکریہ دوستو
میں اس قرارداد سے بالکل بھی اتفاق نہیں کرتا
پچھلے ہفتے کی ووٹنگ کے بارے میں آپ کیا سوچتے ہیں
ہمارے شہر کو مزید سرکاری مکانوں کی ضرورت ہے
کل رات ہم نے یہ نشست صرف نو ووٹوں سے جیتی
بس کل صبح آٹھ بجے لائبریری سے روانہ ہوگی
میں چالیس سال سے اس جماعت کا رکن ہوں
ہمارا سکول بند ہو رہا ہے اور سب بہت اداس ہیں
براہ کرم مجھے پچھلے اجلاس کی کارروائی بھیج دیں
مقرر بہت اچھی تھیں مگر تقریر بہت لمبی تھی
معاف کیجیے گا میں آج رات نہیں آ سکوں گا
اجلاس میں اپنا رکنیت کارڈ ساتھ لانا مت بھولیے
اس سال بجلی کی قیمت پھر بڑھ گئی ہے
ابھی تک کسی نے میرے سوال کا جواب کیوں نہیں دیا
میں سیکرٹری کے عہدے کے لیے عائشہ کا نام پیش کرتا ہوں
اس شہر کے بچے اس سے بہتر لائبریری کے حقدار ہیں
بعد میں ہمارے ساتھ چائے پینے ضرور آئیے گا
اس جماعت میں نوجوانوں کی بات کوئی نہیں سنتا
کل میں برج روڈ پر گھر گھر جاؤں گا
قریب ترین ہسپتال گاڑی سے ایک گھنٹے کی دوری پر ہے
ہماری مخالفت کے باوجود بجٹ منظور ہو گیا
امید ہے کہ آپ کی والدہ اب بہتر ہوں گی
ہمیں بس کے کرایوں کے بارے میں بات کرنی چاہیے
کیا کسی کے پاس کل شام کے لیے ہال کی چابیاں ہیں
نئی امیدوار ساتھ والے گاؤں سے تعلق رکھتی ہیں
آج رات دس بجے سے پہلے ووٹ دینا مت بھولیں
ایک اور شاندار نتیجے پر پوری ٹیم کو مبارک ہو
"""

BENGALI = """
পরের সভা বৃহস্পতিবার সন্ধ্যা সাতটায় হলঘরে হবে
শনিবার সকালে লিফলেট বিলি করতে কে সাহায্য করতে পারবেন
আমার মনে হয় কাউন্সিল খুব বড় একটা ভুল করেছে
আপনাদের সবার কঠোর পরিশ্রমের জন্য অনেক ধন্যবাদ
আমি এই প্রস্তাবের সঙ্গে একেবারেই একমত নই
গত সপ্তাহের ভোট নিয়ে আপনি কী ভাবছেন বলুন
আমাদের শহরে আরও অনেক সরকারি বাড়ি দরকার
কাল রাতে আমরা মাত্র নয় ভোটে আসনটি জিতেছি
বাস কাল সকাল আটটায় লাইব্রেরির সামনে থেকে ছাড়বে
আমি চল্লিশ বছরের বেশি সময় ধরে এই দলের সদস্য
আমাদের স্কুল বন্ধ হয়ে যাচ্ছে আর সবাই দুঃখিত
দয়া করে আমাকে গত সভার কার্যবিবরণী পাঠিয়ে দিন
বক্তা দারুণ ছিলেন কিন্তু অনেক বেশি সময় নিয়েছেন
দুঃখিত আমি আজ রাতে আসতে পারব না ভাই
সভায় আপনার সদস্য কার্ড সঙ্গে আনতে ভুলবেন না
এই বছর আবার বিদ্যুতের দাম বেড়ে গেছে
এখনও কেউ আমার প্রশ্নের উত্তর দেয়নি কেন
আমি সম্পাদক পদের জন্য আয়েশার নাম প্রস্তাব করছি
এই শহরের শিশুরা এর চেয়ে ভালো লাইব্রেরি পাওয়ার যোগ্য
পরে আমাদের সঙ্গে চা খেতে আসুন সবাই
এই দলে তরুণদের কথা কেউ মন দিয়ে শোনে না
কাল আমি ব্রিজ রোডে বাড়ি বাড়ি যাব
সবচেয়ে কাছের হাসপাতাল গাড়িতে এক ঘণ্টার পথ
আমাদের বিরোধিতা সত্ত্বেও বাজেট পাস হয়ে গেছে
আশা করি আপনার মা এখন আগের চেয়ে ভালো আছেন
বাসের ভাড়া নিয়ে আমাদের কথা বলা দরকার
কাল সন্ধ্যার জন্য হলের চাবি কারও কাছে আছে কি
নতুন প্রার্থী পাশের গ্রাম থেকে এসেছেন শুনলাম
আজ রাত দশটার আগে ভোট দিতে ভুলবেন না
আরেকটি দারুণ ফলাফলের জন্য পুরো দলকে অভিনন্দন
"""

SENTENCES = {name: text.strip().splitlines() for name, text in (("cy", WELSH), ("pl", POLISH), ("ur", URDU), ("bn", BENGALI))}
