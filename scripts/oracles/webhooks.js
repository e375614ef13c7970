// Verifies signatures of webhooks as a receiver does, by the package standardwebhooks.
//
// Standard input is JSON: [{"name", "secret", "headers", "body", "is_valid"}]. Prints how many were as stated. Exits with
// 77 without the package, which NODE_PATH leads to.

let library;
try {
    library = require("standardwebhooks");
} catch {
    process.exit(77);
}

const cases = JSON.parse(require("fs").readFileSync(0, "utf8"));
for (const { name, secret, headers, body, is_valid } of cases) {
    let verified = true;
    try {
        new library.Webhook(secret).verify(body, headers);
    } catch (error) {
        if (!(error instanceof library.WebhookVerificationError || error instanceof SyntaxError)) throw error;
        verified = false;
    }
    if (verified !== is_valid) throw new Error(`${name}: ${verified}`);
}
console.log(cases.length);
