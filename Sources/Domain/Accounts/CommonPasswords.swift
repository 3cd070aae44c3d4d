// SPDX-License-Identifier: Apache-2.0

/// Passwords that everybody who guesses tries first, lower-case; those too short anyway are left out.
/// Written for this project from the patterns that people follow: keyboard walks, names with digits,
/// seasons with years, what installations ship with.
enum CommonPasswords {
  static let all = Set(text.split { $0 == " " || $0 == "\n" }.map(String.init))

  private static let text = """
    !qaz1qaz !qaz2wsx 00000000 01234567 0123456789 0987654321 10101010 10203040 11111111 11112222
    111222333 11223344 112233445566 12121212 123123123 123321123 12341234 12344321 123454321
    123456123 12345678 123456780 123456789 1234567890 12345678910 1234567899 123456789a 12345678a
    1234567a 123456abc 1234qwer 123abc123 123qwe123 123qweasd 123qweasdzxc 13579246 147258369
    147852369 159753456 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx 1qaz2wsx3edc 1qaz@wsx 1qazxsw2
    20202020 22222222 24681012 31415926 321654987 33333333 44444444 456789123 55555555 66666666
    741852963 77777777 789456123 87654321 88888888 963852741 987654321 99999999 a1234567 a12345678
    a123456789 a1b2c3d4 a1b2c3d4e5 aa123456 aa12345678 aaaa1111 aaaaaaaa aaaaaaaaaa abc12345
    abc123456 abc123abc abc@1234 abcd1234 abcd12345 abcd@1234 abcdef123 abcdefg1 abcdefg123
    abcdefgh abcdefgh1 abcdefghi access123 access14 admin123 admin123! admin1234 admin12345
    admin123456 admin@123 admin@1234 adminadmin administrator administrator1 aircondition
    alejandra alejandro alexander alexander1 alexander123 alexandra alexandra1 amanda123 america1
    america123 amoramor andrew123 angel123 angels12 anthony1 anthony123 arsenal1 arsenal123
    asd123asd asdasdasd asdf1234 asdfasdf asdfghjk asdfghjkl asdfghjkl1 asdfqwer asdqwe123
    ashley12 ashley123 asshole1 austin123 australia autumn123 autumn2024 autumn2025 azerty123
    azertyuiop babygirl babygirl1 babygirl123 bailey123 barcelona barcelona1 baseball baseball1
    baseball12 basketball basketball1 batman123 beatriz123 bella123 blahblah blahblah1 blessed1
    blessing blink182 blueberry bomdia123 brandon1 brandon123 brasil123 brittany brittany1
    budweiser bulldog1 bulldogs bullshit1 buster123 buttercup butterfly butterfly1 butthead
    california california1 cameron1 carolina carolina1 casper123 changeit changeit1 changeme
    changeme1 changeme123 charlie1 charlie123 cheese123 chelsea1 chelsea123 chevrolet chevy123
    chiller1 chocolate chocolate1 christian christian1 christina christine christopher
    christopher1 cisco123 cisco1234 climate1 coco1234 computer computer1 computer123 contrasena
    contrasenia cookie123 corinthians correcthorsebatterystaple corvette cowboys1 cruzeiro
    crystal1 cupcake1 daniel123 danielle danielle1 database december default1 default123 demo1234
    demodemo deus1234 deusefiel diamond1 diamonds dolphin1 dolphins dragon12 dragon123 dropbox1
    drowssap eagles123 elephant elephant1 elizabeth elizabeth1 eminem123 enterpassword estrella
    estrella1 euteamo1 example1 facebook facebook1 facebook123 faithful familia1 familia123
    february fernando fernando1 ferrari1 flamengo flamengo1 florida1 football football1 football12
    football123 forever1 fortnite1 francisco francisco1 freedom1 freedom123 friends1 frodo123
    fuckyou! fuckyou1 fuckyou123 fuckyou2 gabriel1 gabriel123 gabriela gabriela1 gandalf1
    george123 gfhjkmgfhjkm ginger123 goldfish goodbye1 goodluck1 google123 greenday1 gremio123
    guest123 guest1234 guilherme guitar123 hannah123 harley123 harrypotter harrypotter1 heaven123
    heineken hello123 hello1234 hello12345 hellohello hellokitty helloworld hogwarts hospital
    hospital1 hospital123 huawei123 hunter12 hunter123 hunter2! iamawesome ihateyou ihateyou1
    ilovegod iloveme1 iloveyou iloveyou! iloveyou1 iloveyou12 iloveyou123 iloveyou2 iloveyouu
    instagram internet internet1 internet123 iphone123 ironmaiden isabella isabella1 jackdaniels
    january1 jasmine1 jasmine123 jennifer jennifer1 jessica1 jessica123 jesus123 jesus777
    jesuscristo jesusislord jordan123 jordan23 joshua12 joshua123 justin123 juventus juventus1
    kawasaki killer12 killer123 lakers24 lamborghini leonardo leonardo1 letmein! letmein1
    letmein12 letmein123 letmeinnow linkedin linkedin1 linkinpark liverpool liverpool1
    liverpool123 lkjhgfdsa london123 lovelove lovers12 loveyou1 lucky123 lucky777 mackenzie
    madison1 maggie123 manager1 manager123 manchester manunited mariana123 mariposa mariposa1
    marlboro master12 master123 masterkey matrix123 matthew1 matthew123 maverick maverick1
    melissa1 mercedes mercedes1 metallica metallica1 michael1 michael123 michelle michelle1
    microsoft midnight midnight1 minecraft minecraft1 minhasenha mnbvcxz1 molly123 monday123
    monitor1 monkey12 monkey123 mountain mudar123 mudar@123 mustang1 mypassword mypassword1
    mysql123 newpassword newpassword1 newyork1 newyork123 nicholas nicholas1 nicole123 ninja123
    nintendo nintendo1 nirvana1 nopassword nothing1 november october1 oliver123 operator operator1
    operator123 oracle11g oracle123 p@ssw0rd p@ssw0rd1 p@ssw0rd123 p@ssword packers1 palmeiras
    panther1 pass1234 pass12345 pass@123 pass@1234 passphrase passport passw0rd passw0rd! password
    password! password# password01 password1 password1! password12 password123 password123!
    password1234 password12345 password2024 password2025 password2026 password@123 passwords
    passwort passwort1 patricia patricia1 patriots peanut123 pepper123 phoenix1 phoenix123
    pikachu1 platinum playstation poiuytrewq pokemon1 pokemon123 porsche1 porsche911 postgres
    postgres1 princess princess1 princess12 princess123 pumpkin1 pumpkin123 q1w2e3r4 q1w2e3r4t5
    qazwsx123 qazwsxedc qazwsxedcrfv qqqqqqqq qwe123qwe qweasd123 qweasdzxc qwer1234 qwerty00
    qwerty01 qwerty11 qwerty12 qwerty123 qwerty123! qwerty1234 qwerty12345 qwerty123456 qwerty777
    qwerty78 qwerty@123 qwertyqwerty qwertyui qwertyuiop qwertyuiop123 qwertz123 qwertzuiop
    raiders1 rainbow1 rainbow123 raspberry realmadrid redskins robert123 rockstar rockstar1
    rocky123 rodrigo123 root1234 root12345 rootroot samantha samantha1 sample123 samsung1
    samsung123 sandiego santos123 saopaulo saopaulo1 scorpion sebastian sebastian1 secret01
    secret12 secret123 security security1 senha123 senha1234 senha12345 september september1
    server123 service1 shadow12 shadow123 skittles slipknot slipknot1 smokey123 snickers snowball
    softball1 something sophie123 sparky123 spiderman spiderman1 spring123 spring2024 spring2025
    startrek startrek1 starwars starwars1 steelers steelers1 stephanie stephanie1 strawberry
    suasenha summer12 summer123 summer2023 summer2024 summer2025 summer2026 sunshine sunshine1
    sunshine123 superman superman1 superman123 superuser supervisor support1 support123 suzuki12
    sweetheart sweetie1 swordfish sysadmin1 system32 taylor13 teamo123 temp1234 temperature
    temporary temppass tequiero tequiero1 test1234 test12345 test123456 test@123 test@1234
    testing1 testing123 testpass testpassword testtest thequickbrownfox thermostat thisispassword
    thomas123 tigger12 tigger123 toor1234 topsecret trocar123 trustme1 trustno1 trustnoone
    user1234 username username1 valentina vanessa1 vascodagama veronica victoria victoria1
    volleyball welcome! welcome01 welcome1 welcome1! welcome12 welcome123 welcome1234 welcome2024
    welcome2025 welcome@123 whatever whatever1 whatsapp whatthefuck william1 windows10 windows7
    winter12 winter123 winter2023 winter2024 winter2025 winter2026 wordpass wordpass1 xbox360x
    xxxxxxxx yamaha123 yankees1 yourpassword youtube1 zaq12wsx zaq1zaq1 zinch123 zxcvbnm, zxcvbnm1
    zxcvbnm123 zxcvbnmasdfghjkl zxcvbnml zzzzzzzz
    """
}
