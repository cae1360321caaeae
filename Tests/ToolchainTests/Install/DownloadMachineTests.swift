// What a download decides, told in events and actions; no network, no clock.

import Testing
import Toolchain

@Suite("The course of a download")
struct DownloadMachineTests {
    static let digest = Digest(.sha256, hex: String(repeating: "ab", count: 32))
    static let one = "https://one/a.tar.xz"

    static func goal(urls: [String] = [one], size: Int? = 1000) -> DownloadGoal {
        DownloadGoal(name: "a.tar.xz", urls: urls, size: size, digest: digest)
    }

    static func machine(urls: [String] = [one], size: Int? = 1000, attempts: Int = 3) -> DownloadMachine {
        DownloadMachine(
            goal(urls: urls, size: size), policy: RetryPolicy(attempts: attempts, firstWait: 2, longestWait: 10))
    }

    static let right = String(repeating: "ab", count: 32)
    static let wrong = String(repeating: "cd", count: 32)

    @Test("All in one piece: asked, kept, verified, done")
    func straight() {
        var machine = Self.machine()
        #expect(machine.start(held: .init(bytes: 0)) == .request(.init(url: Self.one), afterSeconds: 0))
        let head = ResponseHead(status: 200, fields: ["content-length": "1000", "etag": "\"x\""])
        #expect(machine.received(head) == .restart(url: Self.one, validator: "\"x\""))
        let isWelcome = machine.received(bytes: 1000)
        #expect(isWelcome)
        #expect(machine.ended(.complete, chance: 0) == .verify)
        #expect(machine.verified(hex: Self.right) == .done)
    }

    @Test("A cut is continued where it happened, on condition that the file is still the same")
    func resumed() {
        var machine = Self.machine()
        _ = machine.start(held: .init(bytes: 0))
        _ = machine.received(ResponseHead(status: 200, fields: ["etag": "\"x\""]))
        _ = machine.received(bytes: 400)
        #expect(
            machine.ended(.broken(reason: "reset"), chance: 0)
                == .request(.init(url: Self.one, offset: 400, validator: "\"x\""), afterSeconds: 1))
        #expect(machine.received(ResponseHead(status: 206, fields: ["content-range": "bytes 400-999/1000"])) == .append)
        _ = machine.received(bytes: 600)
        #expect(machine.ended(.complete, chance: 0) == .verify)
    }

    @Test("What was held when it began is continued too; a weak ETag is no condition, a date is one")
    func held() {
        var machine = Self.machine()
        let part = HeldPart(bytes: 10, url: Self.one, validator: "Mon, 01 Jan 2024 00:00:00 GMT")
        #expect(
            machine.start(held: part)
                == .request(
                    .init(url: Self.one, offset: 10, validator: "Mon, 01 Jan 2024 00:00:00 GMT"), afterSeconds: 0))
        _ = machine.received(ResponseHead(status: 200, fields: ["etag": "W/\"x\"", "last-modified": "then"]))
        _ = machine.received(bytes: 5)
        #expect(
            machine.ended(.broken(reason: ""), chance: 1)
                == .request(.init(url: Self.one, offset: 5, validator: "then"), afterSeconds: 2))
    }

    @Test("A part from another mirror is continued without a condition: the digest decides")
    func otherMirror() {
        var machine = Self.machine()
        let part = HeldPart(bytes: 10, url: "https://two/a.tar.xz", validator: "\"x\"")
        #expect(machine.start(held: part) == .request(.init(url: Self.one, offset: 10), afterSeconds: 0))
    }

    @Test("A whole part is verified without asking anybody, a longer one is thrown away")
    func wholePart() {
        var machine = Self.machine()
        #expect(machine.start(held: .init(bytes: 1000)) == .verify)
        #expect(machine.verified(hex: Self.wrong) == .discardAndRequest(.init(url: Self.one), afterSeconds: 0))
        machine = Self.machine()
        #expect(
            machine.start(held: .init(bytes: 1001)) == .discardAndRequest(.init(url: Self.one), afterSeconds: 0))
    }

    @Test("A digest that is wrong after a resumption costs one fresh beginning; one that is wrong at once is the end")
    func mismatch() {
        var machine = Self.machine()
        _ = machine.start(held: .init(bytes: 400))
        _ = machine.received(ResponseHead(status: 206, fields: ["content-range": "bytes 400-999/1000"]))
        _ = machine.received(bytes: 600)
        _ = machine.ended(.complete, chance: 0)
        #expect(machine.verified(hex: Self.wrong) == .discardAndRequest(.init(url: Self.one), afterSeconds: 0))
        _ = machine.received(ResponseHead(status: 200))
        _ = machine.received(bytes: 1000)
        #expect(machine.ended(.complete, chance: 0) == .verify)
        guard case .fail(.hashMismatch, discards: true) = machine.verified(hex: Self.wrong) else {
            Issue.record("no mismatch")
            return
        }
    }

    @Test("A server that fails is asked again, with waits that double up to a limit, and at last given up")
    func waits() {
        var machine = Self.machine(attempts: 6)
        _ = machine.start(held: .init(bytes: 0))
        var waits: [Double] = []
        for _ in 0..<5 {
            #expect(machine.received(ResponseHead(status: 503)) == .ignore)
            guard case .request(_, let seconds) = machine.ended(.complete, chance: 1) else { break }
            waits.append(seconds)
        }
        #expect(waits == [2, 4, 8, 10, 10])
        _ = machine.received(ResponseHead(status: 500))
        guard case .fail(.downloadFailed(_, let reason, let attempts), false) = machine.ended(.complete, chance: 0)
        else {
            Issue.record("it goes on")
            return
        }
        #expect(attempts == 6 && reason.contains("500"))
    }

    @Test(
        "Retry-After is heeded, within reason: seconds, and a date held against the answer's own",
        arguments: [
            ("5", 5.0), ("100000", 10), ("soon", 1), ("-5", 1), ("nan", 1), ("Thu, 29 Feb 2024 00:00:03 GMT", 4),
            ("Fri, 01 Mar 2024 00:00:00 GMT", 10), ("Wed, 28 Feb 2024 23:59:58 GMT", 1),
            ("Wed, 28 Foo 2024 23:59:58 GMT", 1), ("Thursday, 29-Feb-24 00:00:03 GMT", 1),
        ])
    func retryAfter(value: String, seconds: Double) {
        var machine = Self.machine()
        _ = machine.start(held: .init(bytes: 0))
        let date = "Wed, 28 Feb 2024 23:59:59 GMT"
        _ = machine.received(ResponseHead(status: 429, fields: ["retry-after": value, "date": date]))
        #expect(machine.ended(.complete, chance: 0) == .request(.init(url: Self.one), afterSeconds: seconds))
    }

    @Test("What will not change is not asked for again", arguments: [400, 401, 403, 404, 410])
    func final(status: Int) {
        var machine = Self.machine()
        _ = machine.start(held: .init(bytes: 0))
        _ = machine.received(ResponseHead(status: status))
        guard case .fail(.downloadFailed(_, let reason, _), false) = machine.ended(.complete, chance: 0) else {
            Issue.record("it goes on")
            return
        }
        #expect(reason.contains("\(status)"))
    }

    @Test("The next mirror is asked when one has not got it, and when one has another file")
    func mirrors() {
        var machine = Self.machine(urls: ["a", "b", "c"])
        _ = machine.start(held: .init(bytes: 0))
        _ = machine.received(ResponseHead(status: 404))
        #expect(machine.ended(.complete, chance: 0) == .request(.init(url: "b"), afterSeconds: 0))
        #expect(machine.received(ResponseHead(status: 200, fields: ["content-length": "999"])) == .stop)
        guard case .discardAndRequest(let next, 0) = machine.ended(.broken(reason: ""), chance: 0) else {
            Issue.record("no further mirror")
            return
        }
        #expect(next == .init(url: "c"))
    }

    @Test("An offset that the server does not know means beginning again, once")
    func staleRange() {
        var machine = Self.machine()
        _ = machine.start(held: .init(bytes: 400))
        #expect(machine.received(ResponseHead(status: 416)) == .ignore)
        #expect(machine.ended(.complete, chance: 0) == .discardAndRequest(.init(url: Self.one), afterSeconds: 0))
        // Where nothing was held there is nothing stale.
        _ = machine.received(ResponseHead(status: 416))
        guard case .fail = machine.ended(.complete, chance: 0) else {
            Issue.record("it goes on")
            return
        }
    }

    @Test(
        "A range that is not the one asked for is not believed",
        arguments: [
            "bytes 0-999/1000", "bytes 401-999/1000", "", "bytes", "bytes 400-", "bytes 400-399/1000", "x 400-999/1000",
        ])
    func lyingRange(range: String) {
        var machine = Self.machine()
        _ = machine.start(held: .init(bytes: 400))
        #expect(machine.received(ResponseHead(status: 206, fields: ["content-range": range])) == .stop)
        #expect(
            machine.ended(.broken(reason: ""), chance: 0) == .discardAndRequest(.init(url: Self.one), afterSeconds: 0))
    }

    @Test("More bytes than promised end the transfer and the hope in that server")
    func tooLong() {
        var machine = Self.machine()
        _ = machine.start(held: .init(bytes: 0))
        _ = machine.received(ResponseHead(status: 200))
        let isWelcome = machine.received(bytes: 1000)
        #expect(isWelcome)
        let isTooMuch = !machine.received(bytes: 1)
        #expect(isTooMuch)
        guard case .fail(.hashMismatch, true) = machine.ended(.broken(reason: ""), chance: 0) else {
            Issue.record("it goes on")
            return
        }
    }

    @Test("A body that ends early without an error is continued as if it had been cut")
    func shortBody() {
        var machine = Self.machine()
        _ = machine.start(held: .init(bytes: 0))
        _ = machine.received(ResponseHead(status: 200))
        _ = machine.received(bytes: 300)
        #expect(
            machine.ended(.complete, chance: 0) == .request(.init(url: Self.one, offset: 300), afterSeconds: 1))
    }

    @Test("Progress gives all attempts back; drops of it do not")
    func progress() {
        var machine = Self.machine(size: 10_000_000, attempts: 2)
        _ = machine.start(held: .init(bytes: 0))
        var offset = 0
        for _ in 0..<20 {
            _ = machine.received(
                offset == 0
                    ? ResponseHead(status: 200)
                    : ResponseHead(status: 206, fields: ["content-range": "bytes \(offset)-9999999/10000000"]))
            _ = machine.received(bytes: 200_000)
            offset += 200_000
            guard case .request(let next, _) = machine.ended(.broken(reason: "cut"), chance: 0) else {
                Issue.record("given up at \(offset)")
                return
            }
            #expect(next.offset == offset)
        }
        _ = machine.received(ResponseHead(status: 206, fields: ["content-range": "bytes \(offset)-9999999/10000000"]))
        _ = machine.received(bytes: 1)
        guard case .fail = machine.ended(.broken(reason: "cut"), chance: 0) else {
            Issue.record("a byte counts as progress")
            return
        }
    }

    @Test("After an offset that the server does not know, the fresh beginning is continued again where it is cut")
    func resumedAfterStaleRange() {
        var machine = Self.machine()
        _ = machine.start(held: .init(bytes: 400))
        _ = machine.received(ResponseHead(status: 416))
        _ = machine.ended(.complete, chance: 0)
        _ = machine.received(ResponseHead(status: 200))
        _ = machine.received(bytes: 700)
        #expect(
            machine.ended(.broken(reason: "cut"), chance: 0)
                == .request(.init(url: Self.one, offset: 700), afterSeconds: 1))
        #expect(machine.received(ResponseHead(status: 206, fields: ["content-range": "bytes 700-999/1000"])) == .append)
    }

    /// A server that sends half of a file and breaks off, each time it is asked from the beginning. Returns how often
    /// that is, and the end.
    static func halves(size: Int, attempts: Int, answerToRange: ResponseHead) -> (halves: Int, end: InstallError?) {
        var machine = machine(size: size, attempts: attempts)
        var action = machine.start(held: .init(bytes: 0))
        var halves = 0
        for _ in 0..<200 {
            switch action {
            case .request(let request, _), .discardAndRequest(let request, _):
                let head = request.offset > 0 ? answerToRange : ResponseHead(status: 200)
                switch machine.received(head) {
                case .restart:
                    halves += 1
                    _ = machine.received(bytes: size / 2)
                    action = machine.ended(.broken(reason: "cut"), chance: 0)
                case .append, .ignore: action = machine.ended(.complete, chance: 0)
                case .stop: action = machine.ended(.broken(reason: ""), chance: 0)
                }
            case .verify, .done: return (halves, nil)
            case .fail(let error, _): return (halves, error)
            }
        }
        return (halves, nil)
    }

    @Test(
        "A server that always breaks off and cannot continue is given up, however much it sent",
        arguments: [
            ResponseHead(status: 200), ResponseHead(status: 416), ResponseHead(status: 206),
            ResponseHead(status: 206, fields: ["content-range": "bytes 0-9999999/10000000"]),
        ])
    func neverWhole(answerToRange: ResponseHead) {
        let (halves, end) = Self.halves(size: 10_000_000, attempts: 5, answerToRange: answerToRange)
        #expect(halves == 5)
        guard case .downloadFailed(_, "cut", 5)? = end else {
            Issue.record("\(String(describing: end))")
            return
        }
    }

    @Test("A part in answer to a request for all of it is no endless loop")
    func unaskedRange() {
        var machine = Self.machine(attempts: 3)
        var action = machine.start(held: .init(bytes: 0))
        for _ in 0..<2 {
            #expect(machine.received(ResponseHead(status: 206)) == .stop)
            action = machine.ended(.broken(reason: ""), chance: 0)
            guard case .request(.init(url: Self.one), afterSeconds: 1...) = action else {
                Issue.record("\(action)")
                return
            }
        }
        _ = machine.received(ResponseHead(status: 206))
        guard case .fail(.downloadFailed, _) = machine.ended(.broken(reason: ""), chance: 0) else {
            Issue.record("it goes on")
            return
        }
    }

    @Test(
        "Another length is tried again after a wait with the part kept, and is another file when it stays",
        arguments: [
            ResponseHead(status: 200, fields: ["content-length": "999"]),
            ResponseHead(status: 206, fields: ["content-range": "bytes 400-998/999"]),
        ])
    func otherLength(head: ResponseHead) {
        var machine = Self.machine(attempts: 3)
        _ = machine.start(held: .init(bytes: 400, url: Self.one, validator: "\"x\""))
        for seconds in [1.0, 2] {
            #expect(machine.received(head) == .stop)
            #expect(
                machine.ended(.broken(reason: ""), chance: 0)
                    == .request(.init(url: Self.one, offset: 400, validator: "\"x\""), afterSeconds: seconds))
        }
        _ = machine.received(head)
        guard
            case .fail(.hashMismatch(_, _, "1000 bytes", "999 bytes"), discards: false) =
                machine.ended(.broken(reason: ""), chance: 0)
        else {
            Issue.record("it goes on")
            return
        }
    }

    @Test("An error page in the place of the file costs one wait, not what is held")
    func glitch() {
        var machine = Self.machine()
        _ = machine.start(held: .init(bytes: 400))
        #expect(machine.received(ResponseHead(status: 200, fields: ["content-length": "15"])) == .stop)
        _ = machine.ended(.broken(reason: ""), chance: 0)
        #expect(machine.received(ResponseHead(status: 206, fields: ["content-range": "bytes 400-999/1000"])) == .append)
        _ = machine.received(bytes: 600)
        #expect(machine.ended(.complete, chance: 0) == .verify)
        #expect(machine.verified(hex: Self.right) == .done)
    }

    @Test("What comes encoded against our wish is thrown away, and is another file when it stays")
    func encoded() {
        var machine = Self.machine(attempts: 2)
        _ = machine.start(held: .init(bytes: 0))
        let head = ResponseHead(status: 200, fields: ["content-encoding": "gzip", "content-length": "300"])
        #expect(machine.received(head) == .restart(url: Self.one, validator: nil))
        _ = machine.received(bytes: 300)
        #expect(machine.ended(.complete, chance: 0) == .discardAndRequest(.init(url: Self.one), afterSeconds: 1))
        _ = machine.received(head)
        _ = machine.received(bytes: 300)
        guard case .fail(.hashMismatch(_, _, _, let got), discards: true) = machine.ended(.complete, chance: 0) else {
            Issue.record("it goes on")
            return
        }
        #expect(got.contains("gzip"))
    }

    @Test("What grows by being encoded is no longer file for that")
    func encodedLonger() {
        var machine = Self.machine(attempts: 2)
        _ = machine.start(held: .init(bytes: 0))
        _ = machine.received(ResponseHead(status: 200, fields: ["content-encoding": "gzip"]))
        let isWelcome = machine.received(bytes: 1001)
        #expect(!isWelcome)
        #expect(
            machine.ended(.broken(reason: ""), chance: 0)
                == .discardAndRequest(.init(url: Self.one), afterSeconds: 1))
    }

    @Test("A wrong file that is always cut is fetched twice at most")
    func wrongAndCut() {
        var machine = Self.machine(attempts: 5)
        var action = machine.start(held: .init(bytes: 0))
        var beginnings = 0
        for _ in 0..<100 {
            switch action {
            case .request(let request, _), .discardAndRequest(let request, _):
                if request.offset == 0 {
                    beginnings += 1
                    _ = machine.received(ResponseHead(status: 200))
                    _ = machine.received(bytes: 500)
                    action = machine.ended(.broken(reason: "cut"), chance: 0)
                } else {
                    _ = machine.received(ResponseHead(status: 206, fields: ["content-range": "bytes 500-999/1000"]))
                    _ = machine.received(bytes: 500)
                    action = machine.ended(.complete, chance: 0)
                }
            case .verify: action = machine.verified(hex: Self.wrong)
            case .done, .fail: break
            }
        }
        #expect(beginnings == 2)
        guard case .fail(.hashMismatch, true) = action else {
            Issue.record("\(action)")
            return
        }
    }

    @Test("What cannot be had that way is not tried again, but elsewhere")
    func impossible() {
        var machine = Self.machine(urls: ["a", "b"])
        _ = machine.start(held: .init(bytes: 0))
        #expect(
            machine.ended(.impossible(reason: "certificate"), chance: 0) == .request(.init(url: "b"), afterSeconds: 0))
        guard
            case .fail(.downloadFailed("b", "certificate", 1), false) =
                machine.ended(.impossible(reason: "certificate"), chance: 0)
        else {
            Issue.record("it goes on")
            return
        }
    }

    @Test("A file of this machine is not waited for")
    func local() {
        var machine = Self.machine(urls: ["file:///a"])
        _ = machine.start(held: .init(bytes: 0))
        _ = machine.received(ResponseHead(status: 200, fields: ["content-length": "999"]))
        guard case .fail(.hashMismatch, _) = machine.ended(.broken(reason: ""), chance: 0) else {
            Issue.record("it goes on")
            return
        }
    }

    @Test("After a part that was wrong, progress counts from nothing again", arguments: [10_000_000, 10_000_001])
    func progressAfterWrongPart(held: Int) {
        var machine = Self.machine(size: 10_000_000, attempts: 2)
        if case .verify = machine.start(held: .init(bytes: held)) { _ = machine.verified(hex: Self.wrong) }
        for offset in stride(from: 0, to: 1_000_000, by: 200_000) {
            _ = machine.received(
                offset == 0
                    ? ResponseHead(status: 200)
                    : ResponseHead(status: 206, fields: ["content-range": "bytes \(offset)-9999999/10000000"]))
            _ = machine.received(bytes: 200_000)
            let action = machine.ended(.broken(reason: "cut"), chance: 0)
            #expect(action == .request(.init(url: Self.one, offset: offset + 200_000), afterSeconds: 1))
        }
    }

    @Test("Without a promised size the server's own counts")
    func unknownSize() {
        var machine = DownloadMachine(DownloadGoal(name: "index", urls: [Self.one]))
        _ = machine.start(held: .init(bytes: 0))
        _ = machine.received(ResponseHead(status: 200, fields: ["content-length": "10"]))
        _ = machine.received(bytes: 10)
        #expect(machine.ended(.complete, chance: 0) == .verify)
        #expect(machine.verified(hex: Self.wrong) == .done)
    }

    @Test("Without a promised size, a part that is the whole file is not fetched again", arguments: [1000, 999])
    func wholeOfUnknownSize(total: Int) {
        var machine = Self.machine(size: nil)
        #expect(
            machine.start(held: .init(bytes: 1000)) == .request(.init(url: Self.one, offset: 1000), afterSeconds: 0))
        _ = machine.received(ResponseHead(status: 416, fields: ["content-range": "bytes */\(total)"]))
        #expect(
            machine.ended(.complete, chance: 0)
                == (total == 1000 ? .verify : .discardAndRequest(.init(url: Self.one), afterSeconds: 0)))
    }

    @Test("Whatever comes in whatever order, it ends, and never with a file that is not the promised one")
    func anything() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<3000 {
            var machine = Self.machine(urls: ["a", "b"], attempts: 3)
            var action = machine.start(held: .init(bytes: Int.random(in: 0...1100, using: &generator)))
            var steps = 0
            loop: while true {
                steps += 1
                #expect(steps < 200, "it does not end")
                if steps >= 200 { break }
                switch action {
                case .request(let request, _), .discardAndRequest(let request, _):
                    let heads = [
                        ResponseHead(status: 200), ResponseHead(status: 200, fields: ["content-length": "5"]),
                        ResponseHead(
                            status: 206, fields: ["content-range": "bytes \(request.offset)-999/1000"]),
                        ResponseHead(status: 206), ResponseHead(status: 404), ResponseHead(status: 500),
                        ResponseHead(status: 416), ResponseHead(status: 0),
                        ResponseHead(status: 200, fields: ["content-encoding": "gzip"]),
                    ]
                    if Bool.random(using: &generator) {
                        _ = machine.received(heads[Int.random(in: 0..<9, using: &generator)])
                    }
                    _ = machine.received(bytes: Int.random(in: 0...1000, using: &generator))
                    let ends: [TransportEnd] = [
                        .complete, .complete, .broken(reason: "x"), .broken(reason: "x"), .impossible(reason: "y"),
                    ]
                    action = machine.ended(ends[Int.random(in: 0..<5, using: &generator)], chance: 0.5)
                case .verify: action = machine.verified(hex: Self.wrong)
                case .done:
                    Issue.record("a wrong file was taken")
                    break loop
                case .fail: break loop
                }
            }
        }
    }
}

@Suite("Mirrors")
struct MirrorTests {
    static let github = "https://github.com/espressif/x/releases/download/v1/x.tar.xz"

    static let cases: [([String], [String: String], [String])] = [
        ([], [:], [github]),
        (
            [], ["IDF_MIRROR_PREFIX_MAP": "https://github.com,http://127.0.0.1:8000"],
            ["http://127.0.0.1:8000/espressif/x/releases/download/v1/x.tar.xz"]
        ),
        (
            [], ["IDF_MIRROR_PREFIX_MAP": "https://nowhere,x;https://github.com/espressif,file:///dist"],
            ["file:///dist/x/releases/download/v1/x.tar.xz"]
        ),
        (
            [], ["IDF_MIRROR_PREFIX_MAP": "https://[a-z]*.com/,https://h/"],
            ["https://h/espressif/x/releases/download/v1/x.tar.xz"]
        ),
        (
            [], ["IDF_GITHUB_ASSETS": "dl.espressif.com/github_assets/"],
            ["https://dl.espressif.com/github_assets/espressif/x/releases/download/v1/x.tar.xz"]
        ),
        (
            ["https://github.com=https://h/g"], ["IDF_GITHUB_ASSETS": "dl.espressif.com"],
            ["https://h/g/espressif/x/releases/download/v1/x.tar.xz"]
        ),
        (
            ["https://github.com=/usb", "https://github.com=http://h"], [:],
            [
                "file:///usb/espressif/x/releases/download/v1/x.tar.xz",
                "http://h/espressif/x/releases/download/v1/x.tar.xz",
            ]
        ),
        (["https://other=https://h"], [:], [github]),
        (
            [], ["IDF_MIRROR_PREFIX_MAP": #"https://github.com/([^/]*)/([^/]*)/,https://h/\2/\g<1>/"#],
            ["https://h/x/espressif/releases/download/v1/x.tar.xz"]
        ),
        (
            [], ["IDF_MIRROR_PREFIX_MAP": #"^https://(?P<host>[a-z.]+)/,https://h/\g<host>/\g<0>"#],
            ["https://h/github.com/https://github.com/espressif/x/releases/download/v1/x.tar.xz"]
        ),
        // Every match is replaced, and a group that took no part in it is nothing.
        (
            [], ["IDF_MIRROR_PREFIX_MAP": #"/(x)?(?=/|\.),/\1\1"#],
            ["https://github.com/espressif/xx/releases/download/v1/xx.tar.xz"]
        ),
        // A rule that matches and changes nothing is not the last one.
        (
            [],
            ["IDF_MIRROR_PREFIX_MAP": #"https://(github),https://\1;https://github.com,https://h;https://h,https://i"#],
            ["https://h/espressif/x/releases/download/v1/x.tar.xz"]
        ),
    ]

    @Test("A URL is asked where the rules say", arguments: cases)
    func candidates(texts: [String], environment: [String: String], expected: [String]) throws {
        #expect(try Mirrors(texts, environment: environment).candidates(for: Self.github) == expected)
    }

    @Test("A URL with an equals sign in it can be a rule's beginning")
    func equals() throws {
        let mirrors = try Mirrors(["https://h/?a=b=https://g/"], environment: [:])
        #expect(mirrors.candidates(for: "https://h/?a=bc") == ["https://g/c"])
    }

    @Test(
        "A rule that is none is refused",
        arguments: [
            (["https://github.com"], [:]), (["=https://h"], [:]), (["https://h=ftp://g"], [:]), (["https://h="], [:]),
            ([], ["IDF_MIRROR_PREFIX_MAP": "https://github.com"]), ([], ["IDF_MIRROR_PREFIX_MAP": "(,x"]),
            ([], ["IDF_MIRROR_PREFIX_MAP": #"(a),\2"#]), ([], ["IDF_MIRROR_PREFIX_MAP": #"(a),\g<b>"#]),
            ([], ["IDF_MIRROR_PREFIX_MAP": #"(a),\g<1"#]), ([], ["IDF_MIRROR_PREFIX_MAP": #"(a),\q"#]),
            ([], ["IDF_GITHUB_ASSETS": "https://h"]),
        ] as [([String], [String: String])])
    func refused(texts: [String], environment: [String: String]) {
        let error = #expect(throws: ToolchainError.self) { try Mirrors(texts, environment: environment) }
        #expect(error?.code == "usage")
    }
}
