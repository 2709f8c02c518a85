// SPDX-License-Identifier: GPL-3.0-or-later
//
// collector-page.mjs ADDRESS PICTURES: the collector's page in a real browser, Debian's chromium. Started by
// test-collector-page.py, which says what is in the database. Prints TAP.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

const [address, pictures, modules] = process.argv.slice(2);
const { chromium } = createRequire(join(modules, "x.js"))("playwright-core");
const HOST = "7d444840-9dc0-41d1-b245-5ffdce74fad2";
const NAME = `<script>document.title="owned"</script><img src=x onerror="document.title='owned'">`;

mkdirSync(pictures, { recursive: true });
const browser = await chromium.launch({
        executablePath: "/usr/bin/chromium",
        args: [...(process.getuid() === 0 ? ["--no-sandbox"] : []), "--host-resolver-rules=MAP evil.example 127.0.0.1"],
});

// A page that remembers everything it asked for and everything it complained about.
async function open(options = {}) {
        const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, ...options });
        const page = await context.newPage();
        page.asked = [];
        page.complaints = [];
        page.on("request", (request) => page.asked.push(request.url()));
        page.on("console", (message) => page.complaints.push(message.text()));
        page.on("pageerror", (error) => page.complaints.push(String(error)));
        page.on("dialog", (dialog) => { page.complaints.push("a dialog"); dialog.dismiss(); });
        return page;
}

const tests = {
        async "the event is there with its rule and reason"() {
                const page = await open();
                await page.goto(address);
                const row = page.locator("#events tbody tr", { hasText: "DataTraveler" }).first();
                await row.waitFor();
                const text = await row.innerText();
                for (const words of ["Device refused", "usb-disk", "0951:1666", "[storage] usb-disk", "refused by [storage] usb-disk"])
                        assert.ok(text.includes(words), `the row says ${JSON.stringify(text)}`);
                assert.equal(await page.locator("#events th").nth(2).innerText(), "Code");
                const [code, uid] = [await row.locator("td").nth(2).innerText(), await row.locator("dt:text-is('uid') + dd").textContent()];
                assert.ok(code.length === 6 && uid.endsWith(code), `the code is ${code} of ${uid}`);
                await page.screenshot({ path: join(pictures, "collector-page.png") });
        },

        async "a device named <script> is text"() {
                const page = await open();
                await page.goto(address);
                const names = await page.locator("#events q").allTextContents();
                assert.ok(names.includes(NAME), `the names are ${JSON.stringify(names.slice(0, 3))}`);
                assert.equal(await page.title(), "lekdicht: what happened");
                assert.equal(await page.locator("script, img, iframe, object, form").count(), 0);
                assert.deepEqual(page.complaints, []);
        },

        async "nothing is asked for elsewhere, and the style is there"() {
                const page = await open();
                await page.goto(address);
                assert.deepEqual(page.asked.filter((url) => !url.startsWith(address)), []);
                assert.ok(page.asked.includes(`${address}style.css`));
                const colour = await page.locator(".banner").evaluate((element) => getComputedStyle(element).backgroundColor);
                assert.equal(colour, "rgb(180, 83, 9)");
                assert.ok((await page.locator(".banner").innerText()).includes("Not protected by accounts: loopback only"));
                await page.evaluate(() => document.body.append(Object.assign(document.createElement("script"), { textContent: "document.title = 'ran'" })));
                assert.equal(await page.title(), "lekdicht: what happened", "the CSP let a script run");
        },

        async "one laptop's events, older ones, and back, without scripts"() {
                const page = await open({ javaScriptEnabled: false });
                await page.goto(address);
                await page.locator("#laptops a").filter({ hasText: HOST.slice(0, 8) }).click();
                assert.equal(new URL(page.url()).searchParams.get("laptop"), HOST);
                assert.equal(await page.locator("#events tbody tr").count(), 100);
                assert.equal(await page.locator("#gaps").innerText(), "Numbers that are not here: 4, 50 to 52.");
                await page.getByRole("link", { name: "Older events" }).click();
                assert.equal(await page.locator("#events tbody tr").count(), 17);
                assert.equal(await page.getByRole("link", { name: "Older events" }).count(), 0);
                await page.getByRole("link", { name: "All laptops" }).click();
                assert.equal(page.url(), address);
                await page.locator("summary").first().click();
                assert.ok(await page.locator("dl").first().isVisible());
        },

        async "simulated, audit and copied identity are said"() {
                const page = await open();
                await page.goto(address);
                const badges = (await page.locator(".badge").allInnerTexts()).sort();
                assert.deepEqual([...new Set(badges)], ["audit: nothing was done", "number came twice: copied identity", "simulated"]);
        },

        async "narrow and dark screens"() {
                const page = await open({ viewport: { width: 360, height: 700 }, colorScheme: "dark" });
                await page.goto(address);
                const [wide, screen] = await page.evaluate(() => [document.scrollingElement.scrollWidth, innerWidth]);
                assert.ok(wide <= screen, `the page is ${wide} wide on a screen of ${screen}`);
                await page.screenshot({ path: join(pictures, "collector-page-narrow-dark.png") });
        },

        async "under another name the page is not shown"() {
                const page = await open();
                const { port } = new URL(address);
                const answer = await page.goto(`http://evil.example:${port}/`);
                assert.equal(answer.status(), 421);
                assert.ok(!(await page.content()).includes(HOST.slice(0, 8)));
        },
};

let number = 0, failed = false;
console.log(`1..${Object.keys(tests).length}`);
for (const [name, test] of Object.entries(tests)) {
        number++;
        try {
                await test();
                console.log(`ok ${number} - ${name.replace("#", "")}`);
        } catch (error) {
                failed = true;
                console.log(String(error.message).split("\n").map((line) => `# ${line}`).join("\n"));
                console.log(`not ok ${number} - ${name}`);
        }
}
await browser.close();
process.exit(failed ? 1 : 0);
