/* Makes RudderStack's or Segment's SDK for Java say what the lines on standard input ask for. PACKAGE, CLIENT and ENDPOINT are filled in. */
import com.google.gson.Gson;
import PACKAGE.Callback;
import PACKAGE.CLIENT;
import PACKAGE.messages.*;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

public class Driver {
  static final List<String> failures = Collections.synchronizedList(new ArrayList<>());
  static volatile CountDownLatch waiting;

  @SuppressWarnings("unchecked")
  static MessageBuilder<?, ?> builder(String type, Map<String, Object> message) {
    Map<String, Object> properties = (Map<String, Object>) message.get("properties");
    Map<String, Object> traits = (Map<String, Object>) message.get("traits");
    switch (type) {
      case "track":
        return TrackMessage.builder((String) message.get("event")).properties(properties);
      case "page":
        return PageMessage.builder((String) message.get("name")).properties(properties);
      case "screen":
        return ScreenMessage.builder((String) message.get("name")).properties(properties);
      case "identify":
        return IdentifyMessage.builder().traits(traits);
      case "group":
        return GroupMessage.builder((String) message.get("groupId")).traits(traits);
      default:
        return AliasMessage.builder((String) message.get("previousId"));
    }
  }

  @SuppressWarnings("unchecked")
  public static void main(String[] args) throws Exception {
    String url = args[1], key = args[2], userId = args[3], anonymousId = args[4];
    Callback callback =
        new Callback() {
          @Override
          public void success(Message message) {
            waiting.countDown();
          }

          @Override
          public void failure(Message message, Throwable error) {
            failures.add(String.valueOf(error));
            waiting.countDown();
          }
        };
    CLIENT client = CLIENT.builder(key).ENDPOINT.callback(callback).build();
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    Gson gson = new Gson();
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      Map<String, Object> asked = gson.fromJson(line, Map.class);
      List<Map<String, Object>> calls = (List<Map<String, Object>>) asked.get("calls");
      waiting = new CountDownLatch(calls.size());
      for (Map<String, Object> call : calls) {
        MessageBuilder<?, ?> message =
            builder((String) call.get("type"), (Map<String, Object>) call.get("message"));
        message.anonymousId(anonymousId);
        if ((Boolean) asked.get("isKnown")) message.userId(userId);
        client.enqueue(message);
      }
      client.flush();
      waiting.await();
      System.out.println(gson.toJson(Collections.singletonMap("failures", failures)));
    }
    client.shutdown();
    System.exit(0);
  }
}
