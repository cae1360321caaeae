// How the page looks: on paper, on a phone, in light and dark. Colours are variables; verdicts have one each and an icon
// beside it, since not everybody tells red from green.

enum HTMLStyle {
    /// The page's style sheet.
    static let text = variables + page + tests + details + log + narrow

    private static let light = """
        --paper:#f5f4f0;--card:#ffffff;--sunk:#f0efe9;--ink:#1d2025;--soft:#5c636b;--faint:#969ca3;--line:#e2e0d8;\
        --passed:#17804a;--failed:#cc2f1c;--error:#8438c9;--flaky:#b36b00;--skipped:#7f868d;\
        --passed-wash:#e4f3e9;--failed-wash:#fcebe7;--error-wash:#f3eafb;--flaky-wash:#fbf1dd;--skipped-wash:#eeeeea;\
        --board:#1763c6;--host:#e08a00;--shade:0 1px 2px #1d202512,0 6px 24px #1d20250d;
        """
    private static let dark = """
        --paper:#121418;--card:#1a1d23;--sunk:#14171c;--ink:#e8eaed;--soft:#a3abb5;--faint:#6d7681;--line:#2b3038;\
        --passed:#45c486;--failed:#ff7361;--error:#c08bf5;--flaky:#f0b040;--skipped:#8b939c;\
        --passed-wash:#15291f;--failed-wash:#331d1b;--error-wash:#271d33;--flaky-wash:#2e2514;--skipped-wash:#20242a;\
        --board:#6cabff;--host:#ffb84d;--shade:0 1px 2px #0006,0 6px 24px #0004;
        """

    private static let variables = """
        :root{color-scheme:light;\(light)}
        @media(prefers-color-scheme:dark){:root:not([data-theme=light]){color-scheme:dark;\(dark)}}
        :root[data-theme=dark]{color-scheme:dark;\(dark)}
        @media print{:root,:root:not([data-theme=light]),:root[data-theme=dark]{color-scheme:light;\(light)--paper:#fff;--shade:none}}
        .passed{--v:var(--passed);--wash:var(--passed-wash)}.failed{--v:var(--failed);--wash:var(--failed-wash)}
        .error{--v:var(--error);--wash:var(--error-wash)}.flaky,.warning{--v:var(--flaky);--wash:var(--flaky-wash)}
        .skipped,.info{--v:var(--skipped);--wash:var(--skipped-wash)}

        """

    private static let page = """
        *{box-sizing:border-box}
        html{scroll-padding-top:4.5rem;-webkit-text-size-adjust:100%}
        body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","DejaVu Sans",sans-serif;overflow-wrap:anywhere}
        main,.top,footer{max-width:1080px;margin:0 auto;padding:0 20px}
        code,pre,.mono{font-family:ui-monospace,"SF Mono",SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.86em;unicode-bidi:isolate}
        .num{font-variant-numeric:tabular-nums}
        a{color:inherit}
        button,input{font:inherit;color:inherit}
        .top{padding-top:26px;padding-bottom:6px}
        .brand{display:flex;align-items:center;gap:10px;color:var(--soft);font-weight:600;letter-spacing:.01em}
        .brand svg{width:26px;height:26px;flex:none;color:var(--ink)}
        .brand span{font-weight:400;color:var(--faint)}
        .theme{margin-left:auto;border:1px solid var(--line);background:var(--card);border-radius:99px;padding:3px 12px;font-size:13px;cursor:pointer;color:var(--soft)}
        h1{font-size:clamp(30px,5.4vw,46px);line-height:1.08;letter-spacing:-.028em;margin:28px 0 8px;font-weight:750;text-wrap:balance}
        h1 em{font-style:normal;color:var(--v)}
        .when{color:var(--soft);margin:0 0 22px;display:flex;flex-wrap:wrap;gap:2px 18px}
        .bar{display:flex;gap:3px;height:14px;margin:0 0 12px}
        .bar i{background:var(--v);border-radius:3px;min-width:6px}
        .bar i:first-child{border-radius:7px 3px 3px 7px}.bar i:last-child{border-radius:3px 7px 7px 3px}
        .bar i:only-child{border-radius:7px}
        .lanes{background:var(--card);border-radius:14px;box-shadow:var(--shade);padding:16px 20px 10px;margin:22px 0 8px}
        .lane{display:grid;grid-template-columns:minmax(120px,210px) 1fr;gap:16px;align-items:center;padding:5px 0}
        .lane b{font-weight:600;display:block;line-height:1.25}.lane small{color:var(--faint);display:block;line-height:1.3}
        .lane small.dead{color:var(--failed)}
        .track{position:relative;height:26px;background:var(--sunk);border-radius:7px;overflow:hidden}
        .track a{position:absolute;top:3px;bottom:3px;background:var(--v);border-radius:4px;min-width:4px;color:#fff;font-size:11.5px;line-height:20px;padding:0 6px;overflow:hidden;white-space:nowrap;text-overflow:ellipsis;text-decoration:none;box-shadow:0 0 0 1px var(--sunk)}
        :root[data-theme=dark] .track a{color:#111}
        @media(prefers-color-scheme:dark){:root:not([data-theme=light]) .track a{color:#111}}
        .track a.again{background:repeating-linear-gradient(-45deg,var(--v) 0 7px,color-mix(in srgb,var(--v) 72%,var(--card)) 7px 14px)}
        .track a.short{color:transparent!important}
        .track a:hover{filter:brightness(1.12)}
        .scale{display:flex;justify-content:space-between;color:var(--faint);font-size:12px;margin-top:4px}
        .tools{position:sticky;top:0;z-index:5;background:var(--paper);border-bottom:1px solid var(--line);margin-top:18px}
        .tools>div{max-width:1080px;margin:0 auto;padding:10px 20px;display:flex;flex-wrap:wrap;gap:8px;align-items:center}
        .chip{border:1px solid var(--line);background:var(--card);border-radius:99px;padding:4px 13px 4px 10px;cursor:pointer;display:inline-flex;gap:7px;align-items:center;font-size:14px}
        .chip b{font-variant-numeric:tabular-nums}
        .chip[aria-pressed=true]{background:var(--wash);border-color:var(--v);color:var(--v)}
        .chip:disabled{opacity:.45;cursor:default}
        .mark{width:17px;height:17px;flex:none;color:var(--v);display:inline-block;vertical-align:-3px}
        .search{flex:1 1 150px;min-width:110px;max-width:320px;margin-left:auto;border:1px solid var(--line);background:var(--card);border-radius:99px;padding:5px 14px;outline-offset:1px}
        .plain{border:0;background:none;color:var(--soft);cursor:pointer;padding:4px 6px;font-size:14px;text-decoration:underline;text-decoration-color:var(--line);text-underline-offset:3px}
        .nothing{color:var(--soft);text-align:center;padding:40px 0}
        footer{color:var(--faint);font-size:13px;padding-top:26px;padding-bottom:40px}

        """

    private static let tests = """
        .test{background:var(--card);border-radius:14px;box-shadow:var(--shade);margin:14px 0;border-left:4px solid var(--v)}
        .test[hidden]{display:none}
        summary{cursor:pointer;list-style:none}summary::-webkit-details-marker{display:none}
        .test>summary{display:grid;grid-template-columns:auto 1fr auto;gap:2px 12px;align-items:center;padding:14px 20px 13px 16px;border-radius:12px}
        summary:focus-visible{outline:2px solid var(--board);outline-offset:2px}
        .badge{display:inline-flex;gap:7px;align-items:center;color:var(--v);font-weight:650;font-size:13px;width:82px}
        .test h2{font-size:17px;line-height:1.3;margin:0;font-weight:650;letter-spacing:-.008em}
        .meta{grid-column:2/3;color:var(--faint);font-size:13px;display:flex;flex-wrap:wrap;gap:0 14px}
        .meta .tag{color:var(--soft);background:var(--sunk);border-radius:5px;padding:0 7px}
        .time{text-align:right;font-variant-numeric:tabular-nums;color:var(--soft);white-space:nowrap}
        .why{grid-column:2/4;color:var(--v);font-size:14.5px;margin-top:3px}
        .test[open]>summary .told{display:none}
        .strip{grid-column:2/4;display:flex;gap:2px;height:5px;margin-top:9px}
        .strip i{background:var(--v);border-radius:2px;min-width:3px;opacity:.8}
        .strip i.skipped{opacity:.35}
        .body{padding:2px 20px 20px 20px}.body>h3:first-child{margin-top:10px}
        h3{font-size:12px;letter-spacing:.075em;text-transform:uppercase;color:var(--faint);font-weight:650;margin:26px 0 9px}
        h3 span{letter-spacing:0;text-transform:none;font-weight:400;margin-left:8px}
        .attempt{background:var(--wash);border-radius:10px;margin:10px 0}
        .attempt>summary{padding:9px 14px;color:var(--v);font-weight:600}
        .attempt>summary:before,.more>summary:before{content:"▸";display:inline-block;width:1.1em;color:var(--faint)}
        .attempt[open]>summary:before,.more[open]>summary:before{content:"▾"}
        .attempt>summary span{font-weight:400;color:var(--ink)}
        .attempt>div{padding:0 14px 14px}
        .more{margin-top:10px}.more>summary{color:var(--soft);font-size:14px}

        """

    private static let details = """
        .box{background:var(--wash);border-radius:10px;padding:14px 16px;margin:6px 0 14px}
        .attempt .box{background:var(--card)}
        .box p{margin:0 0 8px}.box .say{font-weight:650;color:var(--v);font-size:16px}
        .box .where{color:var(--soft);font-size:13.5px}
        .pair{display:grid;grid-template-columns:auto 1fr;gap:3px 14px;margin:10px 0;align-items:baseline}
        .pair dt{color:var(--soft);font-size:13px}.pair dd{margin:0}
        .pair code{white-space:pre-wrap}
        .same{color:var(--ink)}.differs{background:color-mix(in srgb,var(--v) 24%,transparent);border-radius:3px;box-shadow:0 0 0 1px color-mix(in srgb,var(--v) 24%,transparent)}
        .tail{background:var(--card);border-radius:8px;padding:9px 12px;margin:10px 0 0;white-space:pre-wrap;line-height:1.5}
        .attempt .tail{background:var(--sunk)}
        .do{margin:12px 0 0!important;display:flex;gap:9px}.do:before{content:"→";color:var(--v);font-weight:700}
        .cause{display:grid;grid-template-columns:auto 1fr;gap:2px 12px;background:var(--sunk);border-radius:10px;padding:11px 14px;margin:8px 0}
        .cause b{color:var(--v)}.cause p{grid-column:2;margin:0;color:var(--soft)}.cause a{color:var(--soft);font-size:13px;margin-left:8px}
        .attempt .cause{background:var(--card)}
        .steps{display:grid;grid-template-columns:2.2em auto minmax(0,1fr) minmax(90px,26%) auto;column-gap:10px;font-size:14px}
        .step{display:grid;grid-template-columns:subgrid;grid-column:1/-1;align-items:center;padding:3.5px 6px;border-radius:6px}
        .step:hover{background:var(--sunk)}
        .step.failed,.step.error{background:var(--wash)}
        .step.skipped .what{color:var(--faint)}
        .step .ln{color:var(--faint);font-size:12px;text-align:right}
        .step .mark{width:15px;height:15px;vertical-align:-2px}
        .step .what code{font-size:13px}
        .step .note{color:var(--soft);margin-left:10px;font-size:13.5px}
        .step .flow{position:relative;height:12px;border-radius:3px;background:linear-gradient(var(--line),var(--line)) center/100% 1px no-repeat}
        .step .flow i{position:absolute;top:1px;bottom:1px;background:var(--v);border-radius:3px;min-width:3px}
        .step .took{text-align:right;color:var(--soft);font-variant-numeric:tabular-nums;white-space:nowrap;font-size:13px}
        .phase{grid-column:1/-1;color:var(--faint);font-size:12px;padding:7px 6px 1px}
        .faces{display:flex;flex-wrap:wrap;gap:12px}
        .faces figure{margin:0;width:92px}
        .faces img{width:92px;height:92px;object-fit:contain;image-rendering:pixelated;border-radius:8px;background:var(--sunk);display:block;box-shadow:0 0 0 1px var(--line)}
        .faces figcaption{font-size:12px;line-height:1.35;color:var(--soft);margin-top:5px}
        .faces b{display:block;color:var(--ink);font-weight:600}
        .plot{display:block;width:100%;height:auto;max-height:260px;overflow:visible;font-size:11px}
        .plot text{fill:var(--faint)}.plot .grid{stroke:var(--line)}
        .plot .b{fill:var(--board)}.plot .bl{stroke:var(--board);fill:none;stroke-width:1.6;stroke-linejoin:round;opacity:.55}
        .plot .h{stroke:var(--host);fill:none;stroke-width:1.8}
        .plot .gap{stroke:var(--failed);stroke-width:2}.plot .x{stroke:var(--failed);stroke-width:2;fill:none}
        .plot .hit{fill:transparent}.plot .hit:hover{fill:var(--board);fill-opacity:.1}
        .facts{display:flex;flex-wrap:wrap;gap:4px 20px;color:var(--soft);font-size:14px;margin:0 0 8px}
        .facts b{color:var(--ink);font-weight:600}
        .key{display:inline-block;width:10px;height:10px;border-radius:50%;background:var(--board);margin-right:6px}
        .key.ring{background:none;border:2px solid var(--host)}
        table{border-collapse:collapse;font-size:13.5px;width:100%}
        th{text-align:left;font-weight:500;color:var(--faint);font-size:12.5px}
        td,th{padding:4px 14px 4px 0;border-bottom:1px solid var(--line);vertical-align:top}
        .measures{display:grid;grid-template-columns:repeat(auto-fit,minmax(230px,1fr));gap:12px}
        .measure{background:var(--sunk);border-radius:10px;padding:11px 14px 12px}
        .measure .name{color:var(--soft);font-size:13px;display:flex;justify-content:space-between}
        .measure .value{font-size:24px;font-weight:650;letter-spacing:-.02em;line-height:1.25}
        .measure .value small{font-size:13px;font-weight:400;color:var(--soft);letter-spacing:0}
        .gauge{position:relative;height:6px;border-radius:3px;background:color-mix(in srgb,var(--ink) 9%,transparent);margin:8px 0 2px}
        .gauge i{position:absolute;left:0;top:0;bottom:0;border-radius:3px;background:var(--v)}
        .gauge u{position:absolute;top:-3px;bottom:-3px;width:2px;background:var(--ink)}
        .measure .limit{font-size:12.5px;color:var(--soft);display:flex;justify-content:space-between}
        .spark{display:block;width:100%;height:34px;margin-top:8px;overflow:visible}
        .spark path{fill:none;stroke:var(--soft);stroke-width:1.5;vector-effect:non-scaling-stroke}
        .spark circle{fill:var(--v)}
        @media(prefers-color-scheme:dark){:root:not([data-theme=light]) .map{filter:invert(.9) hue-rotate(180deg)}}
        :root[data-theme=dark] .map{filter:invert(.9) hue-rotate(180deg)}
        @media print{.map{filter:none!important}}
        .map{display:block;max-width:100%;height:auto;background:#fff;border-radius:10px;box-shadow:0 0 0 1px var(--line)}

        """

    private static let log = """
        .log{margin:0;padding:10px 0;list-style:none;background:var(--sunk);border-radius:10px;position:relative;max-height:560px;overflow:auto;font:12.5px/1.55 ui-monospace,"SF Mono",SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
        .attempt .log{background:var(--card)}
        .log li{padding:0 14px 0 84px;position:relative;white-space:pre-wrap;min-height:1.55em;unicode-bidi:isolate}
        .log li:before{content:attr(data-t);position:absolute;left:0;width:70px;text-align:right;color:var(--faint);font-weight:400}
        .log li:hover{background:color-mix(in srgb,var(--ink) 5%,transparent)}
        .log .own{color:var(--soft)}.log .says{color:var(--board);font-weight:600}.log .bad{color:var(--failed)}.log .odd{color:var(--flaky)}
        .log .at{color:var(--faint);font-family:ui-sans-serif,system-ui,sans-serif;font-size:11.5px;padding-top:5px}
        .log .at:before{content:"";left:14px;right:auto;top:1.25em;width:56px;border-top:1px solid var(--line)}
        .log .at.failed,.log .at.error{color:var(--v);font-weight:650}
        .log .lit{background:var(--wash);box-shadow:inset 3px 0 var(--v)}
        .log .lit:target{outline:2px solid var(--v)}
        .log .tell{background:var(--wash);box-shadow:inset 3px 0 var(--v);font-family:ui-sans-serif,system-ui,sans-serif;font-size:13.5px;padding-bottom:5px;white-space:normal;color:var(--ink)}
        .log .tell b{color:var(--v)}
        .log .gone{color:var(--faint);text-align:center;padding:6px 14px}

        """

    private static let narrow = """
        @media(max-width:640px){
        main,.top,footer,.tools>div{padding-left:14px;padding-right:14px}
        .lane{grid-template-columns:1fr;gap:3px}.lane b{display:inline}.lane small{display:inline;margin-left:8px}
        .lanes{padding:12px 14px}.tools{position:static}
        .search{max-width:none;order:9;flex-basis:100%;margin:0}
        .test>summary{grid-template-columns:1fr auto;padding:12px 14px}
        .badge{grid-column:1}.time{grid-column:2;grid-row:1}.test h2,.meta,.why,.strip{grid-column:1/3}
        .body{padding:0 14px 14px}
        .steps{grid-template-columns:1.8em auto minmax(0,1fr) auto;column-gap:7px}
        .step .flow{grid-column:3/5;grid-row:2;height:8px}
        .plot{font-size:20px}
        .pair{grid-template-columns:1fr}.pair dt{margin-top:5px}
        .faces figure,.faces img{width:74px}.faces img{height:74px}
        .log li{padding-left:66px}.log li:before{width:56px}.log .at:before{width:44px}
        }
        @media print{
        body{font-size:11.5px}.tools,.theme{display:none}.test,.lanes{box-shadow:none;border:1px solid var(--line);border-left:4px solid var(--v);break-inside:auto}
        .lanes{border-left-width:1px}
        .log{max-height:none;overflow:visible;font-size:9.5px}
        .box,.cause,.measure,.faces figure,.plot,.step{break-inside:avoid}h3{break-after:avoid}
        details::details-content{content-visibility:visible;display:block;height:auto}
        *{print-color-adjust:exact;-webkit-print-color-adjust:exact}
        }

        """
}
