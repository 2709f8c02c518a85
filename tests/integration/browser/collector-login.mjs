// SPDX-License-Identifier: GPL-3.0-or-later
//
// collector-login.mjs ADDRESS PICTURES MODULES PASSWORD: signing in and out, and looking for events, in a real browser, Debian's chromium. Started by
// test-collector-login.py, which says what accounts there are. Prints TAP.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [address, pictures, modules, password] = process.argv.slice(2);
const { chromium } = createRequire(join(modules, "x.js"))("playwright-core");

mkdirSync(pictures, { recursive: true });
const browser = await chromium.launch({
        executablePath: "/usr/bin/chromium",
        args: [...(process.getuid() === 0 ? ["--no-sandbox"] : []), "--host-resolver-rules=MAP evil.example 127.0.0.1"],
});

async function open(options = {}) {
        const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, ...options });
        const page = await context.newPage();
        page.complaints = [];
        page.on("console", (message) => page.complaints.push(message.text()));
        return page;
}

async function signIn(page, name, words = password) {
        await page.goto(address);
        await page.getByLabel("Name").fill(name);
        await page.getByLabel("Password").fill(words);
        await page.getByRole("button", { name: "Sign in" }).click();
}

const tests = {
        async "who is not signed in is asked who it is"() {
                const page = await open();
                await page.goto(address);
                assert.equal(new URL(page.url()).pathname, "/login");
                await page.locator("#name:focus").waitFor(); // the browser puts the cursor there when it draws
                assert.equal(await page.locator("#events").count(), 0);
                await page.screenshot({ path: join(pictures, "collector-login.png") });
                assert.deepEqual(page.complaints, []);
        },

        async "a wrong password is said where a screen reader hears it"() {
                const page = await open({ colorScheme: "dark" });
                await signIn(page, "ivo", "something else");
                assert.equal(await page.getByRole("alert").innerText(), "Name or password is wrong.");
                await page.screenshot({ path: join(pictures, "collector-login-dark.png") });
        },

        async "in by the keyboard, and out, without scripts"() {
                const page = await open({ javaScriptEnabled: false });
                await page.goto(address);
                await page.locator("#name:focus").waitFor();
                await page.keyboard.type("ivo");
                await page.keyboard.press("Tab");
                await page.keyboard.type(password);
                await page.keyboard.press("Enter");
                await page.locator("#laptops").waitFor();
                assert.equal(await page.locator("#laptops tbody tr").count(), 2);
                assert.ok((await page.locator(".who").innerText()).includes("ivo (it)"));
                await page.screenshot({ path: join(pictures, "collector-signed-in.png") });
                const cookies = await page.context().cookies();
                assert.deepEqual(cookies.map((cookie) => [cookie.name, cookie.httpOnly, cookie.sameSite]).sort(),
                        [["known", true, "Strict"], ["session", true, "Strict"]]);
                await page.getByRole("button", { name: "Sign out" }).click();
                assert.equal(new URL(page.url()).pathname, "/login");
                await page.goto(address);
                assert.equal(new URL(page.url()).pathname, "/login");
        },

        async "a viewer sees one site, an auditor no events"() {
                const page = await open();
                await signIn(page, "vera");
                await page.locator("#laptops").waitFor();
                assert.equal(await page.locator("#laptops tbody tr").count(), 1);
                assert.ok((await page.locator(".who").innerText()).includes("vera (viewer, De Brug)"));
                const other = await open();
                await signIn(other, "arie");
                await other.locator("#laptops").waitFor();
                assert.equal(await other.locator("#laptops tbody tr").count(), 2);
                assert.equal(await other.locator("#events").count(), 0);
        },

        async "events are found by the form, and the table is a file, without scripts"() {
                const page = await open({ javaScriptEnabled: false });
                await signIn(page, "ivo");
                await page.getByRole("link", { name: "Find events" }).click();
                assert.equal(await page.locator("#events tbody tr").count(), 4);
                await page.getByLabel("Site").fill("De Linde");
                await page.getByLabel("What").selectOption("lekdicht.device.refused");
                await page.screenshot({ path: join(pictures, "collector-find.png") });
                await page.getByRole("button", { name: "Find" }).click();
                assert.equal(await page.locator("#events tbody tr").count(), 1);
                assert.equal(await page.getByLabel("Site").inputValue(), "De Linde");
                assert.equal(await page.getByLabel("What").inputValue(), "lekdicht.device.refused");
                const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "CSV" }).click()]);
                assert.equal(file.suggestedFilename(), "lekdicht.csv");
                const rows = readFileSync(await file.path(), "utf8").split("\r\n");
                assert.ok(rows.length === 3 && rows[1].includes('"stick-of-linde"'), rows.join("\n"));
                assert.deepEqual(page.complaints, []);
        },

        async "what needs attention is one step away"() {
                const page = await open({ javaScriptEnabled: false });
                await signIn(page, "arie");
                await page.getByRole("link", { name: "Needs attention" }).click();
                assert.equal(await page.locator("#laptops tbody tr").count(), 2);
                assert.ok((await page.locator("#laptops").innerText()).includes("2 records are not here"));
                assert.equal(await page.locator("#events").count(), 0);
                const it = await open({ colorScheme: "dark" });
                await signIn(it, "ivo");
                await it.goto(address + "attention");
                assert.equal(await it.locator("#events tbody tr").count(), 2);
                await it.screenshot({ path: join(pictures, "collector-attention.png") });
        },

        async "the form fits a narrow dark screen"() {
                const page = await open({ viewport: { width: 360, height: 740 }, colorScheme: "dark" });
                await signIn(page, "vera");
                await page.getByRole("link", { name: "Find events" }).click();
                const [wide, screen] = await page.evaluate(() => [document.scrollingElement.scrollWidth, innerWidth]);
                assert.ok(wide <= screen, `the page is ${wide} wide on a screen of ${screen}`);
                assert.equal(await page.getByLabel("Site").count(), 0);
                assert.equal(await page.getByRole("link", { name: "CSV" }).count(), 0);
                await page.screenshot({ path: join(pictures, "collector-find-narrow-dark.png") });
        },

        async "a page elsewhere signs nobody in or out"() {
                const page = await open();
                await signIn(page, "ivo");
                await page.locator("#laptops").waitFor();
                for (const form of [0, 1]) {
                        const evil = await page.context().newPage();
                        await evil.route("http://evil.example/", (route) => route.fulfill({ contentType: "text/html", body:
                                `<form method=post action="${address}logout"><input name=token value=x></form>
                                 <form method=post action="${address}login"><input name=name value=vera><input name=password value="x"></form>` }));
                        await evil.goto("http://evil.example/");
                        const [answer] = await Promise.all([
                                evil.waitForResponse((response) => response.url().startsWith(address)),
                                evil.evaluate((which) => document.forms[which].submit(), form)]);
                        assert.equal(answer.status(), 403);
                }
                await page.reload();
                assert.equal(await page.locator("#laptops").count(), 1);
        },
};

let failed = 0, number = 0;
console.log(`1..${Object.keys(tests).length}`);
for (const [name, test] of Object.entries(tests)) {
        number++;
        try {
                await test();
                console.log(`ok ${number} - ${name}`);
        } catch (error) {
                failed++;
                console.log(String(error.stack || error).replace(/^/gm, "# "));
                console.log(`not ok ${number} - ${name}`);
        }
}
await browser.close();
process.exit(failed ? 1 : 0);
