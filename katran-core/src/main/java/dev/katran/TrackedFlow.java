package dev.katran;

import java.net.InetAddress;
import java.time.Duration;

/**
 * An entry of the flow table, see {@link Flows}.
 *
 * @param flow the flow, as its VIP tells flows apart: ports that take no part are 0
 * @param vip the VIP that it is for
 * @param backend the backend that it stays at
 * @param idle how long no packet of it has come in
 */
public record TrackedFlow(Flow flow, VipKey vip, InetAddress backend, Duration idle) {}
