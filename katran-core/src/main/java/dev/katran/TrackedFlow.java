package dev.katran;

import java.time.Duration;

/**
 * An entry of the flow table, see {@link Flows}.
 *
 * @param flow the flow, with the ports that its VIP does not hash set to 0
 * @param vip the VIP that it matches
 * @param backend the backend that it stays at
 * @param idle how long ago its last packet arrived at least: up to two seconds less than in fact,
 *     and up to nine minutes less after the first nine; never more than 29 hours
 * @since 0.1.0
 */
public record TrackedFlow(Flow flow, VipKey vip, BackendKey backend, Duration idle) {}
