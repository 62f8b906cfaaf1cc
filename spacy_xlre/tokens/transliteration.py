"""The characters that Chinese writes foreign names with."""

# Those usual in the transliteration tables of the news agencies, less the ones that are mostly words; and the dot
# between the parts of a name.
CHINESE_NAME_CHARACTERS = frozenset(
    "阿埃艾爱安昂奥澳巴班邦保堡鲍贝本比彼宾波伯博布查昌彻楚达戴丹当道德邓登狄迪蒂丁东杜顿多厄恩尔法凡范方菲费芬冯佛夫弗福富噶盖冈戈哥格根贡古圭哈海罕汉豪赫亨洪胡华怀惠霍基吉季加贾简杰金久卡凯坎康考"
    "柯科克肯孔库夸昆拉莱赖兰朗劳勒雷黎里力利莉立廉良列林琳龙隆卢鲁伦罗洛略吕马玛迈麦曼芒毛梅门蒙米密明缪摩莫墨姆穆拿那娜纳乃奈南内嫩尼涅宁纽农努诺欧帕派潘庞培佩彭皮平珀普齐奇恰钱乔切琼丘屈让热仁荣"
    "茹若撒萨塞赛桑瑟森沙山尚绍舍申圣施石史舒朔斯丝松苏绥孙索塔台泰坦汤唐陶特滕提田廷通图托脱瓦旺威韦维魏温翁沃乌吴伍武西希锡夏显香肖谢辛欣匈休雪雅亚延扬杨耶叶伊依因英尤约云宰赞泽曾扎詹张章芝治珠兹"
    "宗佐"
    "·"
)
