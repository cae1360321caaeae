// A transcript loses nothing, however the bytes are cut.

import DeviceBridge
import Testing

@Suite("Transcript")
struct TranscriptTests {
    private static let log = """
        ets Jul 29 2019 12:21:46\r
        espmask: arena=1300 used=1296\r
        espmask: ready\r
        espmask: ready\r
        predicting...\r
        predicted: 0.47\r

        """

    /// How bytes are fed.
    enum Feed: String, CaseIterable {
        case whole, byteByByte, inThrees, lineAndAHalf
    }

    private static func transcript(_ text: String, _ feed: Feed) -> Transcript {
        var transcript = Transcript()
        let bytes = Array(text.utf8)
        let size: Int
        switch feed {
        case .whole: size = max(1, bytes.count)
        case .byteByByte: size = 1
        case .inThrees: size = 3
        case .lineAndAHalf: size = 40
        }
        for start in stride(from: 0, to: bytes.count, by: size) {
            transcript.received(bytes[start..<min(start + size, bytes.count)], at: .milliseconds(start))
        }
        return transcript
    }

    @Test("has the same lines however its bytes are cut", arguments: Feed.allCases)
    func lines(feed: Feed) {
        let transcript = Self.transcript(Self.log, feed)
        #expect(
            transcript.lines.map(\.text) == [
                "ets Jul 29 2019 12:21:46", "espmask: arena=1300 used=1296", "espmask: ready", "espmask: ready",
                "predicting...", "predicted: 0.47",
            ])
        let areWhole = transcript.lines.allSatisfy(\.isWhole)
        #expect(areWhole)
        #expect(transcript.end == Transcript.Position(line: 6))
    }

    @Test("finds what comes back to back, each once, and in order", arguments: Feed.allCases)
    func backToBack(feed: Feed) throws {
        let transcript = Self.transcript(Self.log, feed)
        let ready = TextPattern(text: "ready")
        let arena = try TextPattern(expression: #"arena=(?<arena>\d+)( used=(?<used>\d+))?"#)
        let first = try #require(transcript.firstMatch(of: arena, from: .init()))
        #expect(first.groups == ["arena": "1300", "used": "1296"])
        #expect(first.text == "arena=1300 used=1296")
        let second = try #require(transcript.firstMatch(of: ready, from: first.end))
        let third = try #require(transcript.firstMatch(of: ready, from: second.end))
        #expect([second.start.line, third.start.line] == [2, 3])
        #expect(transcript.firstMatch(of: ready, from: third.end) == nil)
        #expect(transcript.firstMatch(of: arena, from: first.end) == nil)
        let last = try #require(transcript.firstMatch(of: TextPattern(text: "0.47"), from: third.end))
        #expect(last.end == Transcript.Position(line: 5, offset: 15))
    }

    @Test("goes on within the line in which the last match ended")
    func withinALine() throws {
        let transcript = Self.transcript("a=1 a=2\n", .whole)
        let pattern = try TextPattern(expression: #"a=(?<a>\d)"#)
        let first = try #require(transcript.firstMatch(of: pattern, from: .init()))
        let second = try #require(transcript.firstMatch(of: pattern, from: first.end))
        #expect([first.groups["a"], second.groups["a"]] == ["1", "2"])
    }

    @Test("finds a text in a line without an end, and an expression only once nothing more is to come")
    func partial() throws {
        var transcript = Transcript()
        transcript.received("login: arena=13".utf8, at: .seconds(1))
        let number = try TextPattern(expression: #"arena=(?<arena>\d+)"#)
        let text = try #require(transcript.firstMatch(of: TextPattern(text: "login: "), from: .init()))
        #expect(!text.line.isWhole)
        #expect(transcript.firstMatch(of: number, from: text.end) == nil)
        #expect(transcript.firstMatch(of: number, from: text.end, isSettled: true)?.groups == ["arena": "13"])
        transcript.received("00\n".utf8, at: .seconds(2))
        #expect(transcript.firstMatch(of: number, from: text.end)?.groups == ["arena": "1300"])
        #expect(transcript.lines.map(\.time) == [.seconds(1)])
    }

    @Test("keeps half a character's place")
    func halfACharacter() throws {
        var transcript = Transcript()
        let bytes = Array("grün=1\n".utf8)
        transcript.received(bytes[..<3], at: .zero)
        let position = transcript.end
        transcript.received(bytes[3...], at: .zero)
        let found = transcript.firstMatch(of: TextPattern(text: "=1"), from: position)
        #expect(found?.line.text == "grün=1")
    }

    @Test("ends a line where the connection broke")
    func broken() {
        var transcript = Transcript()
        transcript.received("predic".utf8, at: .zero)
        transcript.breakLine()
        transcript.received("ets Jul 29".utf8, at: .seconds(1))
        #expect(transcript.lines.map(\.text) == ["predic", "ets Jul 29"])
        #expect(transcript.lines.map(\.isWhole) == [true, false])
        #expect(transcript.lines.map(\.number) == [1, 2])
    }

    @Test(
        "shows the line that looks most like what was looked for",
        arguments: [
            ("espmask: redy", false, "espmask: ready"), ("predicted: 0.48", false, "predicted: 0.47"),
            ("Arena=1300", false, "espmask: arena=1300 used=1296"), ("wifi connected to router", false, nil),
            (#"arena=(?<a>[a-z]+) used"#, true, "espmask: arena=1300 used=1296"), (#"\d+ms"#, true, nil),
            ("zz", false, nil),
        ] as [(String, Bool, String?)])
    func nearest(source: String, isExpression: Bool, line: String?) throws {
        let pattern = isExpression ? try TextPattern(expression: source) : TextPattern(text: source)
        #expect(Self.transcript(Self.log, .whole).nearest(to: pattern, from: .init())?.text == line)
    }

    @Test("does not look back for the nearest line")
    func nearestBehind() throws {
        let transcript = Self.transcript(Self.log, .whole)
        #expect(transcript.nearest(to: TextPattern(text: "arena=1301"), from: .init(line: 2)) == nil)
    }

    @Test("shows the last lines, empty ones left out")
    func last() {
        let transcript = Self.transcript("one\n\ntwo\n\nthr", .whole)
        #expect(transcript.last(2).map(\.text) == ["two", "thr"])
        #expect(transcript.last(9).map(\.text) == ["one", "two", "thr"])
    }

    @Test("says what is wrong with an expression")
    func badExpression() {
        #expect(throws: DeviceError.self) { try TextPattern(expression: "arena=(") }
        do {
            _ = try TextPattern(expression: "arena=(")
        } catch {
            #expect(error.code == "usage")
            #expect(error.message.hasPrefix("'arena=(' is no regular expression: "))
        }
    }

    @Test("equal patterns look for the same thing")
    func equality() throws {
        #expect(TextPattern(text: "a") == TextPattern(text: "a"))
        #expect(try TextPattern(expression: "a") != TextPattern(text: "a"))
        #expect(try TextPattern(expression: "a").description == "/a/")
        #expect(TextPattern(text: "a").description == "'a'")
    }
}
