"""Harvester room: Scrapy's settings for every registry. Polite, bounded and verified by default; Scrapy's own are not.

Read by `scrapy list` and by `harvester.crawl`, which adds what `harvester.toml` says of a registry.
"""

from __future__ import annotations

BOT_NAME = "Harvester"
SPIDER_MODULES = ["spiders"]

# Ours. CONTACT is who a registry can write to; ARCHIVE the path of archive.db; LAST_RUN the last run before the refresh (what
# later ones brought is not fetched again; -1: all is fetched); a run that was cut off is continued within RESUME_HOURS; pauses between tries are in seconds.
CONTACT = ""
ARCHIVE = ""
LAST_RUN = -1
RESUME_HOURS = 48
PAUSE_BASE = 5.0
PAUSE_CAP = 300.0

# Polite: one connection, one second, slower when the registry is slow.
CONCURRENT_REQUESTS = 1
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DOWNLOAD_DELAY = 1.0
DOWNLOAD_DELAY_JITTER = 0.0  # the delay is a promise, not an average
AUTOTHROTTLE_ENABLED = True
AUTOTHROTTLE_START_DELAY = 0.0  # DOWNLOAD_DELAY is the least
AUTOTHROTTLE_MAX_DELAY = 60.0
ROBOTSTXT_OBEY = True
RETRY_TIMES = 6  # pauses of 5, 10, 20, 40, 80, 160 seconds
RETRY_HTTP_CODES = [403, 408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524]  # from 520 on: a CDN's own

# Bounded: the largest page seen has some 20 MB; the bound holds before and after decompression.
DOWNLOAD_MAXSIZE = 256 * 1024 * 1024
DOWNLOAD_WARNSIZE = 0
DOWNLOAD_TIMEOUT = 180
DOWNLOAD_FAIL_ON_DATALOSS = True
REDIRECT_MAX_TIMES = 5
METAREFRESH_ENABLED = False
URLLENGTH_LIMIT = 0  # 200 numbers in one filter.ids pass Scrapy's 2,083 characters

DOWNLOAD_VERIFY_CERTIFICATES = True

DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "harvester.politeness.Robots": 100,
    "harvester.politeness.PatientRetry": 550,
    "harvester.politeness.Unpack": 590,
    "harvester.politeness.OwnHost": 610,  # sees a redirect before RedirectMiddleware (600) follows it
}
ITEM_PIPELINES = {"harvester.pipelines.ArchivePipeline": 100}

# Nothing listens, nothing is written beside the archive.
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
LOG_LEVEL = "INFO"
