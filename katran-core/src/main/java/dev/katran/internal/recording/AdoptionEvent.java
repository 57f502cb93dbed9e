package dev.katran.internal.recording;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** What was pinned by an earlier process and is taken over. */
@Name("dev.katran.Adoption")
@Label("Adoption")
@Category("Katran")
@Description("What an earlier process has pinned is taken over")
@StackTrace(false)
@SuppressWarnings("UnusedVariable") // the flight recorder reads them
public final class AdoptionEvent extends Event {

  @Label("VIPs")
  private int vips;

  @Label("Interrupted")
  @Description("Whether the earlier process ended in the middle of a change")
  private boolean interrupted;

  /** Begins the event. */
  public AdoptionEvent() {
    begin();
  }

  /** Ends the event. */
  public void adopted(int count, boolean wasInterrupted) {
    vips = count;
    interrupted = wasInterrupted;
    commit();
  }
}
