import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Locale;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * The job of bench/peers in Kafka Streams, the fastest way found there: a Processor with one entry
 * per manager in a cached RocksDB store, its 60 minutes in a ring of longs, changelog on.
 */
public final class Job {
  private static final long MINUTE_MS = 60_000;
  private static final int HOUR = 60;
  private static final int SHORT = 5;
  private static final int FIELDS = 5; // the minute; n, wait, talk, missed
  private static final ObjectMapper JSON =
      new ObjectMapper().configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false);
  private static final long EVENTS = Long.parseLong(System.getenv("JOB_EVENTS"));
  private static final AtomicLong done = new AtomicLong();

  public static final class Call {
    public String manager_id;
    public String type;
    public long occurred_at;
    public int wait_s;
    public int talk_s;
  }

  public static final class Row {
    public String manager_id;
    public long minute, n5, w5, t5, m5, n60, w60, t60, m60;
  }

  private static void tell() {
    long count = done.incrementAndGet();
    if (count == 1 || count == EVENTS) {
      String what = count == 1 ? "first" : "last";
      System.out.printf(Locale.ROOT, "%n@%s %d %.4f%n", what, count, System.currentTimeMillis() / 1000.0);
      System.out.flush();
    }
  }

  private static <T> Serde<T> json(Class<T> kind) {
    var reader = JSON.readerFor(kind);
    var writer = JSON.writerFor(kind);
    return Serdes.serdeFrom(
        (topic, value) -> {
          try {
            return value == null ? null : writer.writeValueAsBytes(value);
          } catch (Exception fault) {
            throw new IllegalStateException(fault);
          }
        },
        (topic, bytes) -> {
          try {
            return bytes == null ? null : reader.readValue(bytes);
          } catch (Exception fault) {
            throw new IllegalStateException(fault);
          }
        });
  }

  private static Serde<long[]> longs() {
    return Serdes.serdeFrom(
        (topic, values) -> {
          ByteBuffer bytes = ByteBuffer.allocate(values.length * Long.BYTES);
          bytes.asLongBuffer().put(values);
          return bytes.array();
        },
        (topic, bytes) -> {
          if (bytes == null) {
            return null;
          }
          long[] values = new long[bytes.length / Long.BYTES];
          ByteBuffer.wrap(bytes).asLongBuffer().get(values);
          return values;
        });
  }

  private static final class Counting extends ContextualProcessor<String, Call, String, Row> {
    private KeyValueStore<String, long[]> store;

    @Override
    public void init(ProcessorContext<String, Row> context) {
      super.init(context);
      store = context.getStateStore("minutes");
    }

    @Override
    public void process(Record<String, Call> record) {
      Call call = record.value();
      long[] held = store.get(call.manager_id);
      if (held == null) {
        held = new long[HOUR * FIELDS];
      }
      long minute = call.occurred_at / MINUTE_MS;
      count(held, minute, call);
      store.put(call.manager_id, held);
      context().forward(record.withKey(call.manager_id).withValue(row(held, minute, call.manager_id)));
      tell();
    }

    private static void count(long[] held, long minute, Call call) {
      int place = (int) (minute % HOUR) * FIELDS;
      if (held[place] != minute) {
        held[place] = minute;
        for (int field = 1; field < FIELDS; field++) {
          held[place + field] = 0;
        }
      }
      held[place + 1]++;
      held[place + 2] += call.wait_s;
      held[place + 3] += call.talk_s;
      if (call.type.equals("call.missed")) {
        held[place + 4]++;
      }
    }

    private static Row row(long[] held, long minute, String manager) {
      Row row = new Row();
      row.manager_id = manager;
      row.minute = minute;
      for (int place = 0; place < held.length; place += FIELDS) {
        if (held[place] <= minute - HOUR) {
          continue;
        }
        row.n60 += held[place + 1];
        row.w60 += held[place + 2];
        row.t60 += held[place + 3];
        row.m60 += held[place + 4];
        if (held[place] > minute - SHORT) {
          row.n5 += held[place + 1];
          row.w5 += held[place + 2];
          row.t5 += held[place + 3];
          row.m5 += held[place + 4];
        }
      }
      return row;
    }
  }

  public static void main(String[] arguments) {
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, System.getenv("JOB_RUN"));
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, System.getenv("JOB_BOOTSTRAP"));
    settings.put(StreamsConfig.STATE_DIR_CONFIG, System.getenv("JOB_FOLDER") + "/state");
    settings.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
    settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 1000);
    settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 64L << 20);
    StreamsBuilder builder = new StreamsBuilder();
    builder.addStateStore(
        Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore("minutes"), Serdes.String(), longs())
            .withCachingEnabled());
    builder.stream(System.getenv("JOB_TOPIC"), Consumed.with(Serdes.String(), json(Call.class)))
        .process(Counting::new, "minutes")
        .to(System.getenv("JOB_OUTPUT"), Produced.with(Serdes.String(), json(Row.class)));
    KafkaStreams streams = new KafkaStreams(builder.build(), settings);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(Duration.ofSeconds(10))));
    streams.start();
  }
}
