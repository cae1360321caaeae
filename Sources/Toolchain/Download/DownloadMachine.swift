// Decides what a download does next. Bytes and heads go in as events, requests and waits come out as actions; it has no
// clock, no file and no network. A part that arrived is asked to be continued; what the server says decides whether it
// may be. The digest has the last word, so a part from one mirror may be continued from another.

/// What a download must come to.
public struct DownloadGoal: Equatable, Sendable {
    /// The name for messages.
    public var name: String
    /// The URLs, the first one first.
    public var urls: [String]
    /// The size in bytes; nil where nobody promised one.
    public var size: Int?
    /// What proves it; nil where nothing does.
    public var digest: Digest?

    /// Makes a goal.
    public init(name: String, urls: [String], size: Int? = nil, digest: Digest? = nil) {
        self.name = name
        self.urls = urls
        self.size = size
        self.digest = digest
    }
}

/// How often and how slowly a download is tried again.
public struct RetryPolicy: Equatable, Sendable {
    /// Attempts without progress, after which it fails.
    public var attempts: Int
    /// The first wait in seconds; it doubles each time.
    public var firstWait: Double
    /// The longest wait in seconds.
    public var longestWait: Double

    /// Makes a policy.
    public init(attempts: Int = 5, firstWait: Double = 1, longestWait: Double = 30) {
        self.attempts = attempts
        self.firstWait = firstWait
        self.longestWait = longestWait
    }
}

/// A part of a file that is there already.
public struct HeldPart: Equatable, Sendable {
    /// Its size in bytes.
    public var bytes: Int
    /// Where it came from.
    public var url: String?
    /// The ETag or date that came with it.
    public var validator: String?

    /// Makes a part.
    public init(bytes: Int, url: String? = nil, validator: String? = nil) {
        self.bytes = bytes
        self.url = url
        self.validator = validator
    }
}

/// A download under way.
public struct DownloadMachine: Equatable, Sendable {
    /// What to do next.
    public enum Action: Equatable, Sendable {
        /// Wait that many seconds, then ask.
        case request(DownloadRequest, afterSeconds: Double)
        /// Throw the part away, then ask.
        case discardAndRequest(DownloadRequest, afterSeconds: Double)
        /// All bytes are there: hash them.
        case verify
        /// The file is what it should be.
        case done
        /// It cannot be had. `discards` when the part is of no use.
        case fail(InstallError, discards: Bool)
    }

    /// What to do with the body that follows a head.
    public enum BodyAction: Equatable, Sendable {
        /// Add it to the part.
        case append
        /// Throw the part away and begin with it; the validator belongs to it.
        case restart(url: String, validator: String?)
        /// It is an error page.
        case ignore
        /// Read no further.
        case stop
    }

    private enum State: Equatable, Sendable {
        case idle
        case asked(DownloadRequest)
        case body(DownloadRequest)
        case refused(DownloadRequest, Refusal)
        case verifying(resumed: Bool)
        case ended
    }

    private enum Refusal: Equatable, Sendable {
        case status(Int, retryAfter: Double?)
        case otherFile(size: Int)
        case brokenRange
        case staleRange
        case tooLong
    }

    private let goal: DownloadGoal
    private let policy: RetryPolicy
    private var state = State.idle
    private var part = HeldPart(bytes: 0)
    private var urls: [String]
    private var failures = 0
    private var bytesAtLastFailure = 0
    private var usesRanges = true
    private var wasResumed = false
    private var promised: Int?

    /// A download that has not begun.
    public init(_ goal: DownloadGoal, policy: RetryPolicy = RetryPolicy()) {
        self.goal = goal
        self.policy = policy
        urls = goal.urls
    }

    /// Begins, with what is held already.
    public mutating func start(held: HeldPart) -> Action {
        part = held
        bytesAtLastFailure = held.bytes
        wasResumed = held.bytes > 0
        if let size = goal.size {
            if part.bytes == size { return verify() }
            if part.bytes > size { return ask(after: 0, discarding: true) }
        }
        return ask(after: 0)
    }

    /// The head of the answer came.
    public mutating func received(_ head: ResponseHead) -> BodyAction {
        guard case .asked(let request) = state else { return .ignore }
        let isEncoded = head.fields["content-encoding"].map { $0 != "identity" } ?? false
        let length = isEncoded ? nil : head.fields["content-length"].flatMap { Int($0) }
        switch head.status {
        case 206:
            guard request.offset > 0, let range = ContentRange(head.fields["content-range"] ?? ""),
                range.first == request.offset
            else { return refuse(request, .brokenRange, .stop) }
            if let size = goal.size, let total = range.total, total != size {
                return refuse(request, .otherFile(size: total), .stop)
            }
            promised = range.total
            state = .body(request)
            return .append
        case 200:
            if let size = goal.size, let length, length != size {
                return refuse(request, .otherFile(size: length), .stop)
            }
            promised = length
            state = .body(request)
            part = HeldPart(bytes: 0, url: request.url, validator: Self.validator(in: head))
            bytesAtLastFailure = 0
            wasResumed = false
            return .restart(url: request.url, validator: part.validator)
        case 416: return refuse(request, .staleRange, .ignore)
        case _:
            let seconds = head.fields["retry-after"].flatMap { Double($0) }
            return refuse(request, .status(head.status, retryAfter: seconds), .ignore)
        }
    }

    /// Bytes of the body came and were kept. False when there are more of them than there can be: read no further.
    public mutating func received(bytes: Int) -> Bool {
        guard case .body(let request) = state else { return true }
        part.bytes += bytes
        if let size = goal.size, part.bytes > size {
            state = .refused(request, .tooLong)
            return false
        }
        return true
    }

    /// The transfer ended. `chance`, from 0 to 1, spreads the waits.
    public mutating func ended(_ end: TransportEnd, chance: Double) -> Action {
        switch state {
        case .refused(let request, let refusal): return after(refusal, of: request, end, chance: chance)
        case .asked(let request):
            let reason = if case .broken(let reason) = end { reason } else { "the answer had no head" }
            return retry(request, reason: reason, chance: chance)
        case .body(let request):
            switch end {
            case .broken(let reason): return retry(request, reason: reason, chance: chance)
            case .complete:
                if let whole = goal.size ?? promised, part.bytes < whole {
                    return retry(request, reason: "\(part.bytes) of \(whole) bytes came", chance: chance)
                }
                return verify()
            }
        case .idle, .verifying, .ended: return .fail(failure("the transfer ended twice"), discards: false)
        }
    }

    /// The file's digest is known.
    public mutating func verified(hex: String) -> Action {
        guard let digest = goal.digest, digest.hex != hex else {
            state = .ended
            return .done
        }
        // A part that does not go with the rest of it is worth a fresh beginning; a whole file is what it is.
        if wasResumed {
            wasResumed = false
            return ask(after: 0, discarding: true)
        }
        return nextMirror(
            or: .hashMismatch(
                archive: goal.name, source: urls.first ?? "the cache",
                promised: "\(digest.algorithm.rawValue) \(digest.hex)", got: hex), discarding: true)
    }

    private mutating func after(
        _ refusal: Refusal, of request: DownloadRequest, _ end: TransportEnd, chance: Double
    ) -> Action {
        switch refusal {
        case .status(let status, let seconds):
            let isPassing = status >= 500 || status == 408 || status == 429
            if isPassing {
                return retry(request, reason: "the server says \(status)", chance: chance, atLeast: seconds ?? 0)
            }
            return nextMirror(or: failure("the server says \(status)"), discarding: false)
        case .otherFile(let size):
            return nextMirror(
                or: .hashMismatch(
                    archive: goal.name, source: request.url, promised: "\(goal.size ?? 0) bytes", got: "\(size) bytes"),
                discarding: part.bytes == 0)
        case .tooLong:
            part.bytes = 0
            return nextMirror(
                or: .hashMismatch(
                    archive: goal.name, source: request.url, promised: "\(goal.size ?? 0) bytes", got: "more"),
                discarding: true)
        case .brokenRange:
            usesRanges = false
            return ask(after: 0, discarding: true)
        case .staleRange:
            // What is held is not the beginning of what the server has.
            return usesRanges
                ? {
                    usesRanges = false; return ask(after: 0, discarding: true)
                }()
                : nextMirror(or: failure("the server says 416"), discarding: true)
        }
    }

    private mutating func verify() -> Action {
        state = .verifying(resumed: wasResumed)
        return .verify
    }

    private mutating func ask(after seconds: Double, discarding: Bool = false) -> Action {
        if discarding { part = HeldPart(bytes: 0) }
        if !usesRanges { part.bytes = 0 }
        // A validator means something to the server that gave it only.
        let url = urls.first ?? ""
        let request = DownloadRequest(
            url: url, offset: part.bytes, validator: part.bytes > 0 && part.url == url ? part.validator : nil)
        if part.bytes > 0 { wasResumed = true }
        state = .asked(request)
        return discarding || !usesRanges
            ? .discardAndRequest(request, afterSeconds: seconds) : .request(request, afterSeconds: seconds)
    }

    private mutating func retry(
        _ request: DownloadRequest, reason: String, chance: Double, atLeast minimum: Double = 0
    ) -> Action {
        // Progress that is worth the name gives all attempts back; drops of it do not, or there would be no end.
        let worthwhile = max(65536, (goal.size ?? 0) / 100)
        if part.bytes - bytesAtLastFailure >= worthwhile { failures = 0 }
        bytesAtLastFailure = part.bytes
        failures += 1
        guard failures < policy.attempts else { return nextMirror(or: failure(reason), discarding: false) }
        let exponential = policy.firstWait * Double(1 << min(failures - 1, 16))
        let wait = min(policy.longestWait, exponential) * (0.5 + chance / 2)
        return ask(after: max(wait, min(minimum, policy.longestWait)))
    }

    private mutating func nextMirror(or error: InstallError, discarding: Bool) -> Action {
        guard urls.count > 1 else {
            state = .ended
            return .fail(error, discards: discarding)
        }
        urls.removeFirst()
        failures = 0
        usesRanges = true
        return ask(after: 0, discarding: discarding)
    }

    private mutating func refuse(_ request: DownloadRequest, _ refusal: Refusal, _ action: BodyAction) -> BodyAction {
        state = .refused(request, refusal)
        return action
    }

    private func failure(_ reason: String) -> InstallError {
        .downloadFailed(url: urls.first ?? goal.name, reason: reason, attempts: max(1, failures))
    }

    // A weak ETag promises the same meaning, not the same bytes (RFC 9110, 13.1.5).
    private static func validator(in head: ResponseHead) -> String? {
        if let tag = head.fields["etag"], !tag.hasPrefix("W/"), !tag.isEmpty { return tag }
        return head.fields["last-modified"]
    }
}

/// `bytes 100-199/200`
struct ContentRange: Equatable {
    var first: Int
    var last: Int
    /// nil for `*`
    var total: Int?

    init?(_ text: String) {
        let words = text.split(separator: " ")
        guard words.count == 2, words[0] == "bytes" else { return nil }
        let parts = words[1].split(separator: "/")
        let ends = parts.first?.split(separator: "-") ?? []
        guard parts.count == 2, ends.count == 2, let first = Int(ends[0]), let last = Int(ends[1]), first <= last
        else { return nil }
        if parts[1] != "*" {
            guard let total = Int(parts[1]), total > last else { return nil }
            self.total = total
        }
        self.first = first
        self.last = last
    }
}
