<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// The same durable intake as webhook's, as one would write it in PHP, for make bench: verify
// the signature over the raw body, insert into SQLite so that it is on the disk, answer.
$body = file_get_contents('php://input');
$given = $_SERVER['HTTP_SIGNATURE'] ?? '';
if (!hash_equals('sha256 ' . hash_hmac('sha256', $body, getenv('BENCH_SECRET')), $given)) {
    http_response_code(401);
    exit;
}
$db = new PDO('sqlite:' . getenv('BENCH_DATABASE'), null, null, [
    PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
    PDO::ATTR_PERSISTENT => true,
    PDO::ATTR_TIMEOUT => 10,
]);
$db->exec('PRAGMA journal_mode = WAL');
$db->exec('PRAGMA synchronous = FULL');
$insert = $db->prepare('INSERT INTO inbox (event, at, body) VALUES (?, ?, ?)');
$insert->execute([$_SERVER['HTTP_GREENHOUSE_EVENT_ID'] ?? '', microtime(true), $body]);
header('Content-Type: text/plain');
header('Content-Length: 3');
echo "ok\n";
