-- How a backtest's page looks: on a screen of 400 to 1600 pixels, light or dark,
-- and on paper. Texts are at least 12 pixels, their contrast at least 4.5.

return [[
:root{color-scheme:light dark;--page:#f3f5f8;--card:#fff;--ink:#181b20;
--dim:#545c69;--line:#d8dde5;--grid:#e9ecf1;--one:#0b5cad;--two:#855600;
--good:#13682d;--bad:#b3261e;--g1:#e4f3e8;--g2:#c4e6cd;--g3:#9fd6ae;
--b1:#fbe8e6;--b2:#f6cdc9;--b3:#efb0aa;--warn:#fff2d6;
--h1:#eef4fb;--h2:#d6e6f6;--h3:#b4d1ee;--h4:#8ab7e2;--h5:#2f76bd;--h6:#0b5595;--h7:#053463;
--low:#181b20;--high:#fff}
@media screen and (prefers-color-scheme:dark){:root{--page:#101317;--card:#181c22;
--ink:#e8ebf0;--dim:#a9b2bf;--line:#343b46;--grid:#252b34;--one:#7db8ff;
--two:#e3b65c;--good:#7fd694;--bad:#ff9d95;--g1:#18301f;--g2:#1c4629;--g3:#205c33;
--b1:#3a1d1c;--b2:#552522;--b3:#702e2a;--warn:#3a2f14;
--h1:#1b2735;--h2:#1d3652;--h3:#1e4872;--h4:#1f5c96;--h5:#5ea3e6;--h6:#93c4f5;--h7:#cfe5fc;
--low:#fff;--high:#0d1116}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0 auto;max-width:1440px;padding:20px 16px 40px;background:var(--page);
color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
h1{font-size:28px;line-height:1.2;margin:0 0 4px;letter-spacing:-.01em}
h2{font-size:17px;line-height:1.3;margin:0 0 10px}
h3{font-size:14px;margin:16px 0 8px}h2+h3,figure>h3{margin-top:0}
h1,h2,h3,p,dd,dt,figcaption,li{overflow-wrap:anywhere}
p,figure{margin:0 0 10px}
.dim,figcaption{color:var(--dim);font-size:14px}
.good{color:var(--good)}.bad{color:var(--bad)}
.loud{font-size:20px;font-weight:700;line-height:1.35}
header{margin:0 0 16px}
main{margin-top:14px;display:grid;gap:14px;grid-template-columns:minmax(0,1fr)}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;
padding:16px;min-width:0}
section>:last-child,figure>:last-child{margin-bottom:0}
.warn{background:var(--warn);border:1px solid var(--line);border-radius:10px;
padding:10px 16px;margin:0 0 12px}
@media(min-width:960px){main{grid-template-columns:repeat(2,minmax(0,1fr))}
.full{grid-column:1/-1}}
dl{display:grid;gap:12px 20px;margin:0;
grid-template-columns:repeat(auto-fill,minmax(140px,1fr))}
dt{color:var(--dim);font-size:13px;line-height:1.3}dd{margin:0;font-weight:600}
.heads{gap:10px;grid-template-columns:repeat(auto-fit,minmax(150px,1fr))}
.heads>div{background:var(--card);border:1px solid var(--line);border-radius:10px;
padding:10px 14px}
.heads dd{font-size:22px;line-height:1.3;letter-spacing:-.01em}
.heads small{display:block;font-size:13px;font-weight:400;color:var(--dim);
letter-spacing:0}
.plot{display:grid;grid-template-columns:minmax(0,1fr) var(--side);font-size:12px;
line-height:16px;color:var(--dim);padding-top:8px}
.plot svg{display:block;width:100%;height:300px;overflow:visible}
.low svg{height:170px}
.side,.foot{position:relative}.foot{height:22px}
.side span{position:absolute;left:8px;margin-top:-8px;white-space:nowrap}
.foot span{position:absolute;top:4px;transform:translateX(-50%);white-space:nowrap}
path{fill:none;stroke-width:2;stroke-linejoin:round;
vector-effect:non-scaling-stroke}
.grid{stroke:var(--grid);stroke-width:1}.zero{stroke:var(--dim);stroke-width:1}
.one{stroke:var(--one)}.two{stroke:var(--two);stroke-width:1.5;
stroke-dasharray:5 4}.price{stroke:var(--dim);stroke-width:1.25}
.under{fill:var(--one);fill-opacity:.12;stroke:none}
.area{fill:var(--bad);fill-opacity:.18;stroke:var(--bad);stroke-width:1.25}
.held{fill:var(--two);fill-opacity:.2;stroke:var(--two);stroke-width:1.25}
.won{stroke:var(--good)}.lost{stroke:var(--bad)}
.dot{stroke-width:8;stroke-linecap:round}.hole{stroke:var(--card);stroke-width:3.5;
stroke-linecap:round}
rect.up{fill:var(--good)}rect.down{fill:var(--bad)}
.key{color:var(--dim);font-size:14px;display:flex;flex-wrap:wrap;gap:2px 18px;margin-top:8px}
.key i{display:inline-block;width:22px;height:0;margin-right:7px;
vertical-align:middle;border-top:3px solid var(--one)}
.key i.dashes{border-top:2px dashed var(--two)}
.key i.gain{border-color:var(--good)}.key i.loss{border-color:var(--bad)}
.key i.in,.key i.out{width:11px;height:11px;border-radius:50%;
border:3px solid var(--dim)}.key i.in{background:var(--dim)}
.cells{position:relative}.heat .plot svg{height:var(--tall)}
.cells span{position:absolute;transform:translate(-50%,-50%);white-space:nowrap}
.h1,.h2,.h3,.h4{color:var(--low)}.h5,.h6,.h7{color:var(--high)}
.h1{fill:var(--h1);background:var(--h1)}.h2{fill:var(--h2);background:var(--h2)}
.h3{fill:var(--h3);background:var(--h3)}.h4{fill:var(--h4);background:var(--h4)}
.h5{fill:var(--h5);background:var(--h5)}.h6{fill:var(--h6);background:var(--h6)}
.h7{fill:var(--h7);background:var(--h7)}
.mark{stroke:var(--two);stroke-width:3}.best{stroke:var(--two)}.heat{margin:0}
dl+p{margin-top:12px}
rect.first{fill:var(--one)}rect.second{fill:var(--two)}
.key i.first{border-top:10px solid var(--one);width:12px}
.key i.second{border-top:10px solid var(--two);width:12px}
.key .shades i{width:16px;height:12px;margin:0;border:0}
.key i.frame{width:14px;height:12px;border:3px solid var(--two)}
.fit table{width:auto}.prices{display:grid;gap:18px 24px;
grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr))}
.wide{overflow-x:auto;margin:0 0 10px}
.wide:focus-visible{outline:2px solid var(--one)}
table{border-collapse:collapse;font-size:14px;line-height:1.4;width:100%}
th,td{padding:4px 8px;text-align:right;border-bottom:1px solid var(--line);
white-space:nowrap}
th{color:var(--dim);font-weight:500;font-size:13px}
th:first-child,td:first-child,.text{text-align:left}
th:first-child,td:first-child{padding-left:0}
td.words{white-space:normal;min-width:220px;text-align:left}
tbody tr:hover{background:var(--grid)}
.deals td:nth-child(2),.deals td:last-child,.deals th:nth-child(2),
.deals th:last-child{text-align:left}
.months table{table-layout:fixed}.months td{text-align:center}.months th{text-align:center}
.months td:first-child,.months th:first-child{text-align:left;font-weight:600}
.months td:last-child{font-weight:600}
.g1{background:var(--g1)}.g2{background:var(--g2)}.g3{background:var(--g3)}
.b1{background:var(--b1)}.b2{background:var(--b2)}.b3{background:var(--b3)}
.bar{height:10px;border-radius:5px;background:var(--grid);overflow:hidden;
margin:0 0 12px;display:flex;gap:1px}
.bar i{display:block;height:100%;background:var(--one)}.bar i+i{background:var(--two)}
.bar i+i+i{background:var(--dim)}
ul{margin:0 0 10px;padding-left:20px}li{margin:0 0 4px}
code{font:13px/1.5 ui-monospace,Menlo,Consolas,monospace;overflow-wrap:anywhere}
@media(max-width:640px){body{padding:14px 10px 28px}h1{font-size:24px}
section{padding:14px 12px}th,td{padding:4px 5px}.plot svg{height:220px}.low svg{height:140px}
.foot .more,.few{display:none}.heads{grid-template-columns:repeat(2,minmax(0,1fr))}
.heads dd{font-size:19px}
.months table,.months tbody{display:block}.months thead{display:none}
.months tr{display:grid;grid-template-columns:repeat(6,1fr);gap:2px;
padding:0 0 10px}.months td{display:block;border:0;padding:2px 0;font-size:13px}
.months td:first-child{grid-column:1/4;font-size:15px}
.months td:last-child{grid-column:4/-1;grid-row:1;text-align:right;font-size:15px}
.months td:not(:first-child):not(:last-child)::before{display:block;font-size:12px;
color:var(--dim)}
.months td:nth-child(2)::before{content:"Jan"}
.months td:nth-child(3)::before{content:"Feb"}
.months td:nth-child(4)::before{content:"Mar"}
.months td:nth-child(5)::before{content:"Apr"}
.months td:nth-child(6)::before{content:"May"}
.months td:nth-child(7)::before{content:"Jun"}
.months td:nth-child(8)::before{content:"Jul"}
.months td:nth-child(9)::before{content:"Aug"}
.months td:nth-child(10)::before{content:"Sep"}
.months td:nth-child(11)::before{content:"Oct"}
.months td:nth-child(12)::before{content:"Nov"}
.months td:nth-child(13)::before{content:"Dec"}}
@page{margin:14mm}
@media(min-width:641px) and (max-width:1000px){
.heads{grid-template-columns:repeat(3,minmax(0,1fr))}}
@media print{:root{color-scheme:light;--page:#fff}
body{max-width:none;padding:0;font-size:13px;print-color-adjust:exact;
-webkit-print-color-adjust:exact}
main{display:block}section{border:0;border-radius:0;padding:0;margin:0 0 18px}
.wide{overflow:visible}table{font-size:12px}th,td{padding:2px 5px}th{font-size:12px}
td.words{min-width:0}.deals td{white-space:normal}
.free td,.free th{white-space:normal;overflow-wrap:anywhere}
h2,h3{break-after:avoid}figure,tr,dl>div,.warn{break-inside:avoid}
thead{display:table-header-group}.plot svg{height:200px}.low svg{height:120px}}
]]
