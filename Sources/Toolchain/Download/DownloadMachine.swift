// Decides what a download does next. Bytes and heads go in as events, requests and waits come out as actions; it has no
// clock, no file and no network. A part that arrived is asked to be continued; what the server says decides whether it
// may be. The digest has the last word, so a part from one mirror may be continued from another.

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
        case unaskedRange
        case brokenRange
        case staleRange
        case nothingMore
        case tooLong
    }

    /// Why an attempt failed.
    private enum Cause: Equatable, Sendable {
        case broken(String)
        case otherFile(got: String)
    }

    private let goal: DownloadGoal
    private let policy: RetryPolicy
    private var state = State.idle
    private var part = HeldPart(bytes: 0)
    private var urls: [String]
    private var failures = 0
    /// The most that was held when all attempts were given back. It falls with a part that is proven wrong only, once for
    /// each URL, so there is an end to giving back.
    private var highWater = 0
    private var usesRanges = true
    private var wasResumed = false
    private var mayBeginAfresh = true
    private var promised: Int?
    private var encoding: String?

    /// A download that has not begun.
    public init(_ goal: DownloadGoal, policy: RetryPolicy = RetryPolicy()) {
        self.goal = goal
        self.policy = policy
        urls = goal.urls
    }

    /// Begins, with what is held already.
    public mutating func start(held: HeldPart) -> Action {
        part = held
        highWater = held.bytes
        wasResumed = held.bytes > 0
        if let size = goal.size {
            if part.bytes == size { return verify() }
            if part.bytes > size {
                highWater = 0
                return ask(after: 0, discarding: true)
            }
        }
        return ask(after: 0)
    }

    /// The head of the answer came.
    public mutating func received(_ head: ResponseHead) -> BodyAction {
        guard case .asked(let request) = state else { return .ignore }
        encoding = head.fields["content-encoding"].flatMap { $0.isEmpty || $0 == "identity" ? nil : $0 }
        let length = encoding == nil ? head.fields["content-length"].flatMap { Int($0) } : nil
        switch head.status {
        case 206:
            guard request.offset > 0 else { return refuse(request, .unaskedRange, .stop) }
            guard let range = ContentRange(head.fields["content-range"] ?? ""), range.first == request.offset
            else { return refuse(request, .brokenRange, .stop) }
            if let size = goal.size, let total = range.total, total != size {
                return refuse(request, .otherFile(size: total), .stop)
            }
            promised = range.total
            state = .body(request)
            return .append
        case 200:
            // Judged before the part is touched: a page that a proxy puts in the file's place must not cost it.
            if let size = goal.size, let length, length != size {
                return refuse(request, .otherFile(size: length), .stop)
            }
            promised = length
            state = .body(request)
            part = HeldPart(bytes: 0, url: request.url, validator: Self.validator(in: head))
            wasResumed = false
            return .restart(url: request.url, validator: part.validator)
        case 416 where request.offset > 0:
            // Where nobody promised a size, this tells that all of it is here: `bytes */SIZE`.
            let isAll = goal.size == nil && head.fields["content-range"] == "bytes */\(request.offset)"
            return refuse(request, isAll ? .nothingMore : .staleRange, .ignore)
        case _:
            return refuse(request, .status(head.status, retryAfter: head.retryAfterSeconds), .ignore)
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
        if case .impossible(let reason) = end, goesOn {
            return nextMirror(or: failure(reason), discarding: false)
        }
        switch state {
        case .refused(let request, let refusal): return after(refusal, of: request, end, chance: chance)
        case .asked(let request):
            let reason = if case .broken(let reason) = end { reason } else { "the answer had no head" }
            return retry(request, .broken(reason), chance: chance)
        case .body(let request):
            switch end {
            case .broken(let reason), .impossible(let reason): return retry(request, .broken(reason), chance: chance)
            case .complete:
                guard let whole = goal.size ?? promised, part.bytes < whole else { return verify() }
                // All of it came, in a form that is no beginning of the file.
                if let encoding { return retryEncoded(request, encoding, "\(part.bytes) bytes", chance: chance) }
                return retry(request, .broken("\(part.bytes) of \(whole) bytes came"), chance: chance)
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
        // A part that does not go with the rest of it is worth one fresh beginning; a whole file is what it is.
        if wasResumed, mayBeginAfresh {
            wasResumed = false
            mayBeginAfresh = false
            highWater = 0
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
                return retry(request, .broken("the server says \(status)"), chance: chance, atLeast: seconds ?? 0)
            }
            return nextMirror(or: failure("the server says \(status)"), discarding: false)
        case .otherFile(let size):
            // Another mirror is asked at once; the only one is asked again, since it may be a proxy's error page.
            let got = "\(size) bytes"
            if urls.count > 1 { return nextMirror(or: mismatch(at: request, got: got), discarding: part.bytes == 0) }
            return retry(request, .otherFile(got: got), chance: chance)
        case .tooLong:
            if let encoding { return retryEncoded(request, encoding, "more", chance: chance) }
            part.bytes = 0
            return nextMirror(or: mismatch(at: request, got: "more"), discarding: true)
        case .unaskedRange:
            return retry(request, .broken("the server sends a part where all was asked for"), chance: chance)
        case .brokenRange:
            usesRanges = false
            return ask(after: 0, discarding: true)
        case .nothingMore: return verify()
        case .staleRange:
            // What is held is not the beginning of what the server has. The fresh beginning may be continued again:
            // each time round costs an attempt, since without progress a cut does.
            return ask(after: 0, discarding: true)
        }
    }

    private mutating func retryEncoded(
        _ request: DownloadRequest, _ encoding: String, _ got: String, chance: Double
    ) -> Action {
        retry(request, .otherFile(got: "\(got), encoded by \(encoding)"), chance: chance, discarding: true)
    }

    private func mismatch(at request: DownloadRequest, got: String) -> InstallError {
        .hashMismatch(archive: goal.name, source: request.url, promised: "\(goal.size ?? 0) bytes", got: got)
    }

    private var goesOn: Bool {
        switch state {
        case .asked, .body: true
        case .idle, .refused, .verifying, .ended: false
        }
    }

    private mutating func verify() -> Action {
        highWater = max(highWater, part.bytes)
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
        _ request: DownloadRequest, _ cause: Cause, chance: Double, atLeast minimum: Double = 0,
        discarding: Bool = false
    ) -> Action {
        if discarding { part.bytes = 0 }
        // Progress that is worth the name gives all attempts back. It is measured against the most that was held, or a
        // server that knows no ranges and always breaks off would be asked for ever.
        let worthwhile = max(65536, (goal.size ?? 0) / 100)
        if part.bytes - highWater >= worthwhile {
            failures = 0
            highWater = part.bytes
        }
        failures += 1
        // A file of this machine does not change by waiting.
        guard failures < policy.attempts, !request.isLocal else {
            switch cause {
            case .broken(let reason): return nextMirror(or: failure(reason), discarding: discarding)
            case .otherFile(let got):
                return nextMirror(or: mismatch(at: request, got: got), discarding: part.bytes == 0)
            }
        }
        let exponential = policy.firstWait * Double(1 << min(failures - 1, 16))
        let wait = min(policy.longestWait, exponential) * (0.5 + chance / 2)
        return ask(after: max(wait, min(minimum, policy.longestWait)), discarding: discarding)
    }

    private mutating func nextMirror(or error: InstallError, discarding: Bool) -> Action {
        guard urls.count > 1 else {
            state = .ended
            return .fail(error, discards: discarding)
        }
        urls.removeFirst()
        failures = 0
        usesRanges = true
        mayBeginAfresh = true
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
